import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file && !/package-lock\.json$|requirements.*\.txt$|\.svg$|\.json$/.test(file));
const lines = files.flatMap((file) =>
  readFileSync(join(ROOT, file), 'utf8')
    .split('\n')
    .map((text, index) => ({ where: `${file}:${index + 1}`, file, text })),
);

const found = (pattern: RegExp, within: (file: string) => boolean = () => true): string[] =>
  lines.filter(({ file, text }) => file !== 'test/static/hygiene.test.ts' && within(file) && pattern.test(text)).map(({ where, text }) => `${where}: ${text.trim()}`);

const inPlaybooks = (file: string): boolean => file.startsWith('playbooks/') && /\.ya?ml$/.test(file);

// As an option of ssh, a line of its configuration, a setting or variable of Ansible's, or one of pyinfra's.
const UNCHECKED_HOST_KEYS = [
  /StrictHostKeyChecking["']?(\s*[=:]\s*|\s+)["']?(no|off|false|0|accept-new)\b/i,
  /host_key_checking["']?\s*[=:]\s*["']?(no|off|false|0|accept-new)\b/i,
  // The global file may be none: then the user's alone counts.
  /UserKnownHostsFile["']?(\s*[=:]\s*|\s+)["']?(\/dev\/null|none)\b/i,
];

/** It asks servers for their keys: with an empty list and strict checking, so that no connection comes about. */
const ASKS_FOR_KEYS = 'client/trust/scan-host-keys.ts';

test('Host keys are checked everywhere', () => {
  expect(UNCHECKED_HOST_KEYS.flatMap((pattern) => found(pattern, (file) => file !== ASKS_FOR_KEYS))).toEqual([]);
  expect(found(/StrictHostKeyChecking: 'yes',/, (file) => file === ASKS_FOR_KEYS)).toHaveLength(1);
});

test('A play that ends the run on any error ends it on an unreachable host, too', () => {
  const next = (line: { file: string; where: string }): string | undefined => {
    const [, file = '', number = ''] = /^(.+):(\d+)$/.exec(line.where) ?? [];
    return lines.find(({ where }) => where === `${file}:${Number(number) + 1}`)?.text;
  };
  const plays = lines.filter(({ file, text }) => inPlaybooks(file) && /^\s*any_errors_fatal: true$/.test(text));
  expect(plays.length).toBeGreaterThan(5);
  expect(plays.filter((line) => next(line)?.trim() !== 'max_fail_percentage: 0').map(({ where }) => where)).toEqual([]);
});

test('synchronize checks host keys: by itself it does not', () => {
  const count = (text: string) => found(new RegExp(`^\\s*${text}$`), (file) => /\.ya?ml$/.test(file)).length;
  expect(count('verify_host: true')).toBe(count('(ansible\\.posix\\.)?synchronize:'));
  expect(count('(ansible\\.posix\\.)?synchronize:')).toBeGreaterThan(0);
});

test.each([
  '-o StrictHostKeyChecking=no',
  '-oStrictHostKeyChecking=accept-new',
  '  StrictHostKeyChecking no',
  "StrictHostKeyChecking: 'off',",
  'host_key_checking = False',
  'ansible_ssh_host_key_checking: false',
  'ANSIBLE_HOST_KEY_CHECKING=0',
  "ssh_strict_host_key_checking: 'accept-new',",
  '-o UserKnownHostsFile=/dev/null',
  '  UserKnownHostsFile /dev/null',
  'UserKnownHostsFile: "/dev/null",',
])('"%s" would be found', (line) => {
  expect(UNCHECKED_HOST_KEYS.some((pattern) => pattern.test(line))).toBe(true);
});

test.each(['StrictHostKeyChecking=yes', 'host_key_checking = True', '-o UserKnownHostsFile=/tmp/known_hosts', 'GlobalKnownHostsFile=/dev/null'])('"%s" would not', (line) => {
  expect(UNCHECKED_HOST_KEYS.some((pattern) => pattern.test(line))).toBe(false);
});

test('No playbook ignores errors, uses a shell, handlers or run_once', () => {
  expect(found(/ignore_errors|ignore_unreachable/, inPlaybooks)).toEqual([]);
  expect(found(/^\s*(- )?(ansible\.builtin\.)?(shell|raw):/, inPlaybooks)).toEqual([]);
  expect(found(/^\s*(handlers|notify|run_once):/, inPlaybooks)).toEqual([]);
});

test("No order comes from Ansible's sets, which have another in each process: only their length is asked for", () => {
  const sets = /\|\s*(union|intersect|difference|symmetric_difference)\b(?!.*\|\s*length\b)/;
  expect(found(sets, (file) => file.startsWith('playbooks/'))).toEqual([]);
  expect(sets.test("{{ groups['members'] | difference([server]) }}")).toBe(true);
});

test('No private key is in the repository', () => {
  expect(found(/BEGIN [A-Z ]*PRIVATE KEY-----$/, (file) => !file.startsWith('test/'))).toEqual([]);
});

test('No test is left out or run alone', () => {
  expect(found(/\b(test|it|describe)\.(skip|only|todo)\(/, (file) => file.endsWith('.ts'))).toEqual([]);
});

test('No registry is named', () => {
  expect(found(/registry\.npmjs|pypi\.org|files\.pythonhosted|deb\.debian\.org|proxy\.golang/)).toEqual([]);
});
