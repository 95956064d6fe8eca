import type { Problem } from './spec-error.ts';

/** What a later version of Musher will do: refused by name, with what to write meanwhile. By the pattern of its path. */
const KEYS: Record<string, Problem> = {
  'groups.*.storage': {
    message: 'Musher does not keep code on a storage yet',
    suggestion: 'write "files: { server: … }" for shared files over NFS; a cluster has the code on each member',
  },
  'groups.*.code': {
    message: 'Musher does not choose where code lives yet',
    suggestion: 'leave "code" out: a cluster has the code on each member',
  },
  'projects.*.approval': {
    message: 'Musher does not wait for an approval yet',
    suggestion: 'leave "approval" out, and read what "musher plan" prints before you deploy',
  },
  'projects.*.environments.*.tls.certificate.env': {
    message: 'Musher does not read a certificate from the environment yet',
    suggestion: "write { file: path }, a file on the worker's machine",
  },
};
KEYS['projects.*.environments.*.approval'] = KEYS['projects.*.approval']!;

/** Not for later: ssh has a place for them already, and everything of ours that calls it reads that. */
const SSH_OPTIONS: Problem = {
  message: 'options of ssh are not for the spec',
  suggestion: "write them to ~/.ssh/config of the worker's user, under Host and this address (ProxyJump, for example): Musher and Ansible read it",
};
for (const key of ['ssh', 'options', 'jump', 'proxy_jump', ...['ssh', 'ansible_ssh'].flatMap((start) => ['options', 'args', 'common_args', 'extra_args'].map((end) => `${start}_${end}`))])
  KEYS[`servers.*.${key}`] = SSH_OPTIONS;

const PACK: Problem = { message: 'Musher does not run packs yet', suggestion: 'write "kind: cluster": the code is copied to each member' };
const PAUSE: Problem = { message: 'Musher does not pause for a person yet', suggestion: 'write "on_failure: rollback", or leave it out' };
const PLAYBOOK: Problem = {
  message: 'Musher does not run playbooks as hooks yet',
  suggestion: 'write a shell command, for example one that calls ansible-playbook',
};

const FILES: Record<string, Problem> = {
  nfs: { message: 'must say on which server', suggestion: 'write "files: { server: … }"' },
  none: { message: 'is for shared files over NFS', suggestion: 'leave "files" out: each member then has its own' },
};

export const VAULT: Problem = {
  message: 'Musher does not read Ansible Vault yet',
  suggestion: "write the path of a file on the worker's machine, readable by its user only",
};

export const laterKey = (pattern: string, key: string): Problem | undefined =>
  key === 'vault' ? VAULT : Object.hasOwn(KEYS, `${pattern}.${key}`) ? KEYS[`${pattern}.${key}`] : undefined;

export function laterValue(pattern: string, value: unknown): Problem | undefined {
  if (pattern === 'groups.*.kind' && value === 'pack') return PACK;
  if (pattern.endsWith('.on_failure') && value === 'pause') return PAUSE;
  if (pattern === 'groups.*.files' && typeof value === 'string' && Object.hasOwn(FILES, value)) return FILES[value];
  if (typeof value !== 'object' || value === null) return undefined;
  if (/\.hooks\.(once|each)(\.\*)?$/.test(pattern) && 'playbook' in value) return PLAYBOOK;
  return 'vault' in value ? VAULT : undefined;
}
