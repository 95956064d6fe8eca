import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const PATH = `${ROOT}/node_modules/.bin:${ROOT}/.venv/bin:${process.env['PATH'] ?? ''}`;

const passes = async (command: string, args: string[], cwd = ROOT): Promise<void> => {
  const { all, exitCode } = await execa(command, args, { cwd, env: { PATH }, all: true, reject: false });
  expect(exitCode, all).toBe(0);
};

test('The types agree', () => passes('tsc', ['--noEmit']));

test('The TypeScript is clean, and its imports follow the arrows', () => passes('eslint', ['.']));

test("The playbooks are clean at ansible-lint's production profile", () => passes('ansible-lint', ['--offline', '--profile', 'production'], join(ROOT, 'playbooks')));

test('An import against the arrows is found', async () => {
  const stray = "import { MusherClient } from '../client/musher-client.ts';\nexport const stray = MusherClient;\n";
  const { stdout, exitCode } = await execa('eslint', ['--stdin', '--stdin-filename', 'plan/target.ts'], { cwd: ROOT, env: { PATH }, input: stray, reject: false });
  expect(exitCode).toBe(1);
  expect(stdout).toContain('plan/ may not import anything from client/');
});
