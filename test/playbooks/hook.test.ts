import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runModule } from './run-module.ts';

const PROGRAM = join(import.meta.dirname, '../../playbooks/plugins/module_utils/musher_once.py');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'musher-hook-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs the program of a once hook's unit as the unit does; whether it ended well, and the result that it left. */
async function once(command: string, timeout = 20): Promise<{ ok: boolean; result: { status: number; late: boolean; tail: string } }> {
  const job = { command, uid: process.getuid?.(), gid: process.getgid?.(), groups: [], folder, timeout, environment: { PATH: process.env['PATH'] } };
  await writeFile(join(folder, 'job.json'), JSON.stringify(job));
  const run = await execa('python3', [PROGRAM, folder], { reject: false });
  return { ok: run.exitCode === 0, result: JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as { status: number; late: boolean; tail: string } };
}

describe('the program of a once hook', () => {
  test('leaves the status and the last of the output', async () => {
    expect((await once('echo out; echo err >&2; exit 3')).result).toMatchObject({ status: 3, tail: 'out\nerr\n' });
    expect(readFileSync(join(folder, 'output'), 'utf8')).toBe('out\nerr\n');
  });

  test('never runs a command a second time', async () => {
    await once('echo again >> count');
    expect((await once('echo again >> count')).ok).toBe(false);
    expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('again\n');
  });

  test('keeps no more than a mebibyte of output', async () => {
    expect((await once('head -c 5000000 /dev/zero; echo end')).result.tail).toContain('end');
    expect(statSync(join(folder, 'output')).size).toBe(1 << 20);
  });

  test('stops a command that takes too long and does not want to end', async () => {
    const { result } = await once("trap '' TERM; echo began; sleep 60", 1);
    expect(result).toMatchObject({ status: 124, late: true, tail: 'began\n' });
  });

  test('does not take a command that itself ends with 124 for one that takes too long', async () => {
    expect((await once('exit 124')).result).toMatchObject({ status: 124, late: false });
  });

  test('does not wait for what a command leaves behind', async () => {
    const began = Date.now();
    expect((await once('sleep 15 & echo done')).result).toMatchObject({ status: 0, tail: 'done\n' });
    expect(Date.now() - began).toBeLessThan(10_000);
  });
});

test.each([
  ['exit 124', 20, 'The hook "exit 124" ended with exit status 124;'],
  ['echo began; sleep 60', 1, 'The hook "echo began; sleep 60" took longer than 1 s;'],
])('a hook of each member, "%s", is told as what it was', async (command, hook_timeout, told) => {
  await mkdir(join(folder, 'live/releases/r1'), { recursive: true });
  await writeFile(join(folder, 'live/releases/.r1.json'), JSON.stringify({ id: 'r1', checksum: 'sha256:0', files: 0, bytes: 0, made_at: '2026-01-01T00:00:00Z' }));
  await mkdir(join(folder, 'current'));
  const environment = { project: 'shop', name: 'live', path: join(folder, 'live'), user: userInfo().username };
  const asked = { state: 'current', id: 'r1', path: join(folder, 'live'), current: join(folder, 'current/live'), environment, hooks: [command], hook_timeout };
  const { musher_failure, msg } = await runModule('musher_release', asked);
  expect({ musher_failure, msg }).toEqual({ musher_failure: 'hook-failed', msg: expect.stringContaining(told) as string });
});

test('hooks need a server that has been provisioned', async () => {
  const environment = { project: 'shop', name: 'live', slug: 'shop--live', path: folder, user: 'nobody-of-that-name' };
  const refused = await runModule('musher_hook', { id: 'x', hooks: ['touch ran'], environment, release: 'r1' });
  expect(refused).toMatchObject({ failed: true, musher_failure: 'not-provisioned' });
  expect(existsSync(join(folder, 'ran'))).toBe(false);
});
