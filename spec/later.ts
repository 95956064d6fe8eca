import type { Problem } from './spec-error.ts';

/** What a later version of Musher will do: refused by name, with what to write meanwhile. By the pattern of its path. */
const KEYS: Record<string, Problem> = {
  'projects.*.environments.*.tls.certificate.env': {
    message: 'Musher does not read a certificate from the environment yet',
    suggestion: "write { file: path }, a file on the worker's machine",
  },
};

/** Not for later: ssh has a place for them already, and everything of ours that calls it reads that. */
const SSH_OPTIONS: Problem = {
  message: 'options of ssh are not for the spec',
  suggestion: "write them to ~/.ssh/config of the worker's user, under Host and this address (ProxyJump, for example): Musher and Ansible read it",
};
for (const key of ['ssh', 'options', 'jump', 'proxy_jump', ...['ssh', 'ansible_ssh'].flatMap((start) => ['options', 'args', 'common_args', 'extra_args'].map((end) => `${start}_${end}`))])
  KEYS[`servers.*.${key}`] = SSH_OPTIONS;

export const VAULT: Problem = {
  message: 'Musher does not read Ansible Vault yet',
  suggestion: "write the path of a file on the worker's machine, readable by its user only",
};

export const laterKey = (pattern: string, key: string): Problem | undefined =>
  key === 'vault' ? VAULT : Object.hasOwn(KEYS, `${pattern}.${key}`) ? KEYS[`${pattern}.${key}`] : undefined;

export function laterValue(value: unknown): Problem | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return 'vault' in value ? VAULT : undefined;
}
