import { quote, type Problem } from '../spec-error.ts';
import { atMost, inOrder, notEmpty, oneLine, type Check } from './check.ts';
import { checkAddress, checkUser } from './host.ts';

const LONGEST = 1024;
const PROTOCOLS = ['https:', 'http:', 'ssh:', 'git:', 'file:'];
const CREDENTIALS = "leave it out: git asks its credential helper on the worker's machine, or use ssh";
const FORMS = 'write https://…, ssh://…, user@host:path or an absolute path';

/** A repository that git may be asked to read. Nothing here may reach git as an option or as a transport that runs a command. */
export const checkGitUrl: Check = inOrder(notEmpty(FORMS), oneLine, atMost(LONGEST), (url) => {
  if (url.startsWith('/')) return undefined;
  // Not quoted: it is a secret.
  if (/^[^/]*\/\/[^/@]*:[^/]*@/.test(url)) return { message: 'holds a password', suggestion: CREDENTIALS };
  if (url.includes('://') && !url.includes('::/')) return checkUrl(url);
  const [, user, host, path] = /^([^@:/]+)@([^:/]+):(.+)$/.exec(url) ?? [];
  if (user && host && path && !checkUser(user) && !checkAddress(host) && !/^[-:]/.test(path)) return undefined;
  return strange(url);
});

const strange = (url: string): Problem => ({ message: `${quote(url)} is not a repository that Musher reads`, suggestion: FORMS });

function checkUrl(text: string): Problem | undefined {
  const url = URL.parse(text);
  // Not quoted: it may be a token.
  if (url?.username && /^https?:$/.test(url.protocol)) return { message: 'holds a user', suggestion: CREDENTIALS };
  if (!url || !PROTOCOLS.includes(url.protocol) || /\s|^https?:\/\/\//i.test(text)) return strange(text);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (url.protocol === 'file:' ? host !== '' : checkAddress(host))
    return { message: `${quote(text)} has no valid host`, suggestion: FORMS };
  if (url.username && checkUser(url.username)) return { message: `${quote(text)} has no valid user`, suggestion: FORMS };
  return undefined;
}

/** A branch, a tag or a commit (git check-ref-format). */
export const checkRef: Check = inOrder(notEmpty('write a branch, a tag or a commit'), oneLine, atMost(255), (ref) =>
  /^[-/.]|[\s~^:?*[\\]|\.\.|\/[/.]|@\{|\.lock(\/|$)|[/.]$|^@$/.test(ref)
    ? { message: `${quote(ref)} is not a git ref`, suggestion: 'write a branch, a tag or a commit' }
    : undefined,
);
