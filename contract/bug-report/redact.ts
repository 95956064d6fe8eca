const GONE = '[removed]';

/** Names of variables, options and fields whose value is nobody's business. */
const SECRET_NAME = String.raw`[\w.-]*(?:pass(?:word|wd|phrase)?|\bpwd?\b|[_-]pwd?\b|dsn|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|signature|auth)[\w.-]*`;

/** In some languages a backslash before a mark belongs to the text, in others it ends it. */
const QUOTED = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|'[^']*'`;

const PATTERNS: [RegExp, string][] = [
  [/-----BEGIN [A-Z0-9 ]*-----[\s\S]*?(?:-----END [A-Z0-9 ]*-----|$)/g, GONE],
  // Users of URLs go with their passwords: with some services the user is the token.
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s?#]*@/gi, `$1${GONE}@`],
  [/\b(bearer|basic|digest)\s+[^\s"',;]+/gi, `$1 ${GONE}`],
  // A password of several words goes to the end of its line: a mark after it is no reason to keep any of it.
  [new RegExp(String.raw`(\b${SECRET_NAME}["']?:[ \t]+)(?!["'\[{])[^\r\n,;}]+`, 'gi'), `$1${GONE}`],
  [new RegExp(String.raw`(\b${SECRET_NAME}["']?\s*(?:=>|[:=])\s*)(${QUOTED}|[^\s,;}&]+)`, 'gi'), `$1${GONE}`],
  // define('DB_PASSWORD', '…'); and what servers say of a password that they do not take.
  [new RegExp(String.raw`(\b${SECRET_NAME}["']?\s*,?\s*)(${QUOTED})`, 'gi'), `$1${GONE}`],
  [new RegExp(String.raw`(<(${SECRET_NAME})\b[^>]*>)[^<]*(?=</\2)`, 'gi'), `$1${GONE}`],
  [/\b((?:set-)?cookie:\s*)[^\r\n]+/gi, `$1${GONE}`],
  [/(?<![\w./:@-])[\w.+-]+:[^\s:/@"']{3,}@(?=[a-z0-9[])/gi, `${GONE}@`],
  [new RegExp(String.raw`(--?${SECRET_NAME}["']?[\s,]+)(${QUOTED}|[^\s,;}]+)`, 'gi'), `$1${GONE}`],
  // What programs are told by short options.
  [/(\bsshpass\s+-p\s*|\b(?:mysql|mariadb)\w*\b[^\n|;]*?\s-p|\s(?:-u\s*|--user[\s=]+)[^\s:]+:|\bredis-cli\b[^\n|;]*?\s-a\s*)[^\s"']+/g, `$1${GONE}`],
  [/([?&][\w-]*(?:key|sig)=)[^&\s"']+/gi, `$1${GONE}`],
  [/\$(?:2[aby]?|apr1|argon2\w*|scrypt|y|[1567])\$[^\s"',;]{8,}/g, GONE],
  [/\beyJ[\w-]+(?:\.[\w-]*)+/g, GONE],
  [/\b(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|sk[-_]|AKIA)[\w-]{8,}/g, GONE],
];

/** A key or token by its looks: long, without a break, of capitals, small letters and digits. */
const RANDOM = /[A-Za-z0-9+_=-]{24,}/g;
const looksRandom = (word: string): boolean => /[a-z]/.test(word) && /[A-Z]/.test(word) && /\d/.test(word);
/** Hexadecimal keys have no capitals; what Musher itself shows so are checksums, which a report can do without. */
const HEXADECIMAL = /\b[0-9a-f]{32,}\b/gi;

/** Variables of every shell that only look like a password's. */
const FOLDERS = ['PWD', 'OLDPWD'];

/** Shorter values would be found in every other word. */
const SHORTEST = 4;

/**
 * A text without what looks like a secret, and without the values of the variables of this environment whose names say that they hold one.
 * It takes away too much rather than too little.
 */
export function redact(text: string, environment: NodeJS.ProcessEnv = process.env): string {
  const isSecret = new RegExp(`^${SECRET_NAME}$|key$`, 'i');
  const values = Object.entries(environment).flatMap(([name, value]) => (value && value.length >= SHORTEST && !FOLDERS.includes(name) && isSecret.test(name) ? [value] : []));
  // The longest first: one may be a part of another.
  const without = values.sort((a, b) => b.length - a.length).reduce((left, value) => left.replaceAll(value, GONE), text);
  return PATTERNS.reduce((left, [pattern, put]) => left.replace(pattern, put), without)
    .replace(RANDOM, (word) => (looksRandom(word) ? GONE : word))
    .replace(HEXADECIMAL, GONE);
}
