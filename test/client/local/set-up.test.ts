import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
let folder: string;
let bin: string;
let home: string;

/** Musher as its package has it: without a Python environment of its own, and here with a requirement that no index has. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'musher-set-up-'));
  mkdirSync(join(folder, 'musher'));
  for (const name of ['bin', 'cli', 'client', 'contract', 'spec', 'plan', 'workflows', 'activities', 'worker', 'playbooks', 'node_modules', 'package.json']) symlinkSync(join(ROOT, name), join(folder, 'musher', name));
  writeFileSync(join(folder, 'musher/requirements.txt'), `no-such-package-of-musher==1.0 --hash=sha256:${'0'.repeat(64)}\n`);
});
beforeEach(() => {
  bin = mkdtempSync(join(folder, 'bin-'));
  home = mkdtempSync(join(folder, 'home-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Node resolves links, so that a command started through them would be the repository's again. */
const musher = (words: string[], env: Record<string, string> = {}) =>
  execa(process.execPath, ['--preserve-symlinks', '--preserve-symlinks-main', join(folder, 'musher/cli/main.ts'), ...words], {
    env: { PATH: `${bin}:/usr/bin:/bin`, HOME: home, MUSHER_HOME: join(home, 'state'), ...env }, extendEnv: false, reject: false, cwd: folder,
  });

const python = (script: string): void => {
  writeFileSync(join(bin, 'python3'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, 'python3'), 0o755);
};

test('A command that needs what is not there names the command that installs it', async () => {
  const { exitCode, stderr } = await musher(['service', 'start']);
  expect(exitCode).toBe(3);
  expect(stderr).toContain('Run "musher setup", which installs it below the state folder.');
  expect(existsSync(join(home, 'state/server.log'))).toBe(false);
  const { stdout } = await musher(['doctor', '--json']);
  const { findings } = JSON.parse(stdout) as { findings: { check: string; state: string; remedy: string }[] };
  expect(findings.find(({ check }) => check === 'Ansible')).toMatchObject({ state: 'failed' });
});

test('A Python that is too old, and one that can make no environments, are refused before anything is made', async () => {
  python('echo False');
  expect((await musher(['setup'])).stderr).toContain('Python 3.11 or newer is needed');
  python('echo True; exit 1');
  expect((await musher(['setup'])).stderr).toContain('apt-get install python3-venv');
  expect(existsSync(join(home, 'state/python'))).toBe(false);
});

test('What cannot be installed is told with the way out, and is not taken for installed', async () => {
  const env = { PIP_NO_INDEX: '1' };
  const { exitCode, stdout } = await musher(['setup', '--json'], env);
  expect(exitCode).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({ event: 'error', error: { message: expect.stringMatching(/no-such-package-of-musher[\s\S]*run "musher setup" again/) as string } });
  expect(readdirSync(join(home, 'state/python'))).toHaveLength(1);
  expect((await musher(['service', 'start'])).stderr).toContain('Run "musher setup"');
}, 120_000);
