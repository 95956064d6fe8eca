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

test('Host keys are checked everywhere', () => {
  expect(found(/StrictHostKeyChecking\s*[=:]\s*["']?(no|off|accept-new)|host_key_checking\s*=\s*false|HOST_KEY_CHECKING\s*[=:]\s*["']?(false|0)/i)).toEqual([]);
});

test('No playbook ignores errors, uses a shell, handlers or run_once', () => {
  expect(found(/ignore_errors|ignore_unreachable/, inPlaybooks)).toEqual([]);
  expect(found(/^\s*(- )?(ansible\.builtin\.)?(shell|raw):/, inPlaybooks)).toEqual([]);
  expect(found(/^\s*(handlers|notify|run_once):/, inPlaybooks)).toEqual([]);
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
