import { quote, type Problem } from '../spec-error.ts';
import { didYouMean } from '../suggest.ts';
import { atMost, inOrder, notEmpty, oneLine, type Check } from './check.ts';

const LONGEST = 1024;
/** Letters and digits of any script; none of the signs that nginx, rsync or a shell read as their own. */
const SEGMENT = /^(?! )[\p{L}\p{N}\p{M}._+@~ ,=-]{1,255}(?<! )$/u;
const ROOT_SEGMENT = /^[A-Za-z0-9._-]{1,255}$/;

/** `web/files/` is `web/files`, `./web` is `web`. */
export const plainPath = (path: string): string => path.replace(/^(\.\/+)+/, '').replace(/(?<=.)\/+$/, '');

/** A path below a release. */
export const checkRelativePath: Check = inOrder(notEmpty('write a path like web/files, or leave the line out'), atMost(LONGEST), (path) => {
  if (path.startsWith('/')) {
    const relative = plainPath(path.replace(/^\/+/, ''));
    return {
      message: `${quote(path)} is absolute`,
      suggestion: SEGMENT.test(relative.split('/')[0] ?? '') ? didYouMean(relative) : 'write it as seen from the release',
    };
  }
  const segments = plainPath(path).split('/');
  if (segments.includes('..')) return { message: `${quote(path)} leaves the release`, suggestion: 'write it without ".."' };
  if (segments.includes('.') || segments.includes('')) {
    const plain = segments.filter((segment) => segment && segment !== '.').join('/');
    return {
      message: `${quote(path)} has an empty part or a "."`,
      suggestion: plain ? didYouMean(plain) : 'name a path below the release',
    };
  }
  return segments.every((segment) => SEGMENT.test(segment)) ? undefined : strange(path);
});

/** A document root: a path below a release, or `.` for the release itself. */
export const checkDocroot: Check = (path) => {
  if (/^\.\/*$/.test(path)) return undefined;
  return path.trim() ? checkRelativePath(path) : { message: 'is empty', suggestion: 'write "." for the release itself' };
};

/** The document root as the Spec holds it: '' for the release itself. */
export const plainDocroot = (path: string): string => (/^\.\/*$/.test(path) ? '' : plainPath(path));

/** A file or folder on the worker's machine. */
export const checkLocalPath: Check = inOrder(notEmpty('write a path'), oneLine, atMost(LONGEST), (path) =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(path)
    ? { message: `${quote(path)} is a URL`, suggestion: "write a path on the worker's machine" }
    : undefined,
);

/** What GNU tar unpacks by itself. */
export const checkArchive: Check = inOrder(checkLocalPath, (path) =>
  /\.(tar|tgz|tar\.(gz|bz2|xz|zst))$/i.test(path)
    ? undefined
    : { message: `${quote(path)} is not a tar archive`, suggestion: 'pack it as .tar, .tar.gz, .tgz, .tar.bz2, .tar.xz or .tar.zst' },
);

/** A program on a server. */
export const checkProgram: Check = (path) =>
  /^(\/[A-Za-z0-9._+-]+)+$/.test(path) && !hasDots(path) && path.length <= LONGEST
    ? undefined
    : { message: `${quote(path)} is not the absolute path of a program`, suggestion: 'write one like /usr/bin/python3' };

/** Folders of the system (FHS 3.0) that a projects root must not be, and those that it must not be in either: what is in /var/lib is a program's own. */
const NEVER_ROOT = /^\/(home|media|mnt|opt|srv|var|var\/(local|opt|www))$/;
const NEVER_BELOW = new RegExp(
  '^/(bin|boot|dev|etc|lib|lib32|lib64|libx32|lost\\+found|proc|root|run|sbin|snap|sys|tmp|usr' +
    '|var/(account|backups|cache|crash|empty|games|lib|lock|log|mail|run|snap|spool|tmp))(/|$)',
);
const ROOT_HINT = 'give it a folder of its own, such as /var/aegir/projects or /srv/sites';

/** The projects root of a group. */
export const checkRoot: Check = inOrder(atMost(LONGEST), (path) => {
  const plain = plainPath(path);
  if (!plain.startsWith('/')) return { message: `${quote(path)} is not absolute`, suggestion: ROOT_HINT };
  if (hasDots(plain)) return { message: `${quote(path)} holds "." or ".."`, suggestion: ROOT_HINT };
  if (plain === '/' || NEVER_ROOT.test(plain) || NEVER_BELOW.test(plain))
    return { message: `${quote(path)} is a folder of the system`, suggestion: ROOT_HINT };
  return plain
    .slice(1)
    .split('/')
    .every((segment) => ROOT_SEGMENT.test(segment))
    ? undefined
    : strange(path);
});

/** Whether one path is the other, or holds it. */
export const holds = (outer: string, inner: string): boolean => outer === '' || outer === inner || inner.startsWith(`${outer}/`);

const hasDots = (path: string) => path.split('/').some((segment) => segment === '.' || segment === '..');

const strange = (path: string): Problem => ({
  message: `${quote(path)} has signs that a path here cannot have`,
  suggestion: 'use letters, digits, ".", "_" and "-", and single slashes between them',
});
