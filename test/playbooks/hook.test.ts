import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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
async function once(command: string, timeout = 20): Promise<{ ok: boolean; result: { status: number; tail: string } }> {
  const job = { command, uid: process.getuid?.(), gid: process.getgid?.(), groups: [], folder, timeout, environment: { PATH: process.env['PATH'] } };
  await writeFile(join(folder, 'job.json'), JSON.stringify(job));
  const run = await execa('python3', [PROGRAM, folder], { reject: false });
  return { ok: run.exitCode === 0, result: JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as { status: number; tail: string } };
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
    expect(result).toMatchObject({ status: 124, tail: 'began\n' });
  });

  test('does not wait for what a command leaves behind', async () => {
    const began = Date.now();
    expect((await once('sleep 15 & echo done')).result).toMatchObject({ status: 0, tail: 'done\n' });
    expect(Date.now() - began).toBeLessThan(10_000);
  });
});

test('hooks need a server that has been provisioned', async () => {
  const environment = { project: 'shop', name: 'live', slug: 'shop--live', path: folder, user: 'nobody-of-that-name' };
  const refused = await runModule('musher_hook', { id: 'x', commands: ['touch ran'], environment, release: 'r1' });
  expect(refused).toMatchObject({ failed: true, musher_failure: 'not-provisioned' });
  expect(existsSync(join(folder, 'ran'))).toBe(false);
});
