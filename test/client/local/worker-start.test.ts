import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeEmptySshControlFolder, sshControlPath } from '../../../client/local/ssh-control-folder.ts';
import { WORKER } from '../../../client/local/local-worker.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'musher-worker-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a worker that cannot start says why in one line; a debugger sees where', () => {
  const home = join(folder, 'open');
  mkdirSync(home, { mode: 0o755 });
  const start = (env: Record<string, string>) => spawnSync(process.execPath, [WORKER], { encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: folder, MUSHER_HOME: home, ...env } });
  const { status, stderr } = start({});
  expect(status).toBe(1);
  expect(stderr).toBe(`musher worker: ${home} can be entered by other users of this machine. Close it with "chmod 700 ${home}".\n`);
  expect(start({ MUSHER_DEBUG: '1' }).stderr).toMatch(/^ {4}at /m);
}, 60_000);

test("the folder of ssh's sockets goes when nothing is in it but empty folders", () => {
  const path = sshControlPath(folder);
  mkdirSync(join(path, 'a/b'), { recursive: true });
  writeFileSync(join(path, 'a/socket'), '');
  removeEmptySshControlFolder(folder);
  expect(existsSync(join(path, 'a/socket'))).toBe(true);
  rmSync(join(path, 'a/socket'));
  removeEmptySshControlFolder(folder);
  expect(existsSync(path)).toBe(false);
  removeEmptySshControlFolder(folder);
});
