/** What is wrong with a value, and the way out. */
export interface Problem {
  /** Without a full stop: `no group "eu-clutser"`. */
  message: string;
  /** What to do about it: `did you mean "eu-cluster"?`. */
  suggestion?: string;
}

/** A problem at its place in a file. `line` and `column` count from 1; `path` is '' for the file as a whole. */
export interface SpecError extends Problem {
  file: string;
  line: number;
  column: number;
  /** `projects.shop.environments.live.domains[0]` */
  path: string;
}

/** Keys of maps and indexes of lists, from the root. */
export type Path = readonly (string | number)[];

/** A problem at its place in the tree; `at: 'key'` points at the key rather than at its value. */
export interface TreeProblem extends Problem {
  path: Path;
  at?: 'key';
}

/** A problem at an offset of the text. */
export interface TextProblem extends Problem {
  path: Path;
  offset: number;
}

/** `musher.yml:31:14 projects.shop.environments.live.group: no group "eu-clutser"; did you mean "eu-cluster"?` */
export function formatSpecError({ file, line, column, path, message, suggestion }: SpecError): string {
  return `${file}:${line}:${column} ${path && `${path}: `}${message}${suggestion ? `; ${suggestion}` : ''}`;
}

export const pathText = (path: Path): string =>
  path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : PLAIN.test(part) ? `${index ? '.' : ''}${part}` : `[${quote(part)}]`))
    .join('');

const PLAIN = /^[A-Za-z0-9_-]{1,100}$/;
const LONGEST_QUOTE = 80;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A text of the file, fit for a terminal: quoted, without anything that a terminal would obey, cut where it is long. */
export function quote(text: string): string {
  const short = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return visible(JSON.stringify(short));
}

/** A text with what nobody sees of it written out. */
export const visible = (text: string): string => text.replace(UNPRINTABLE, (found) => `\\u${found.codePointAt(0)?.toString(16).padStart(4, '0')}`);

/** `"a", "b" or "c"` */
export function oneOf(values: readonly string[]): string {
  const quoted = values.map(quote);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}
