import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from '../../../client/local/lock.ts';

let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'musher-lock-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test('of ten at once one is in at a time, and all get in', async () => {
  let inside = 0;
  let most = 0;
  let done = 0;
  const enter = () =>
    withLock(folder, async () => {
      most = Math.max(most, ++inside);
      await sleep(5);
      inside--;
      done++;
    });
  await Promise.all(Array.from({ length: 10 }, enter));
  expect({ most, done }).toEqual({ most: 1, done: 10 });
  expect(readdirSync(folder)).toEqual([]);
});

test('what a dead process left holds nobody up', async () => {
  writeFileSync(join(folder, `${process.pid} another-start some-uuid`), '');
  await expect(withLock(folder, async () => 'in', 1)).resolves.toBe('in');
  expect(readdirSync(folder)).toEqual([]);
});

test('a turn that does not come is an error that names the holder', async () => {
  await withLock(folder, async () => {
    await expect(withLock(folder, async () => 'in', 0.2)).rejects.toThrow(`Process ${process.pid}`);
  });
});

test('an action that fails gives its turn back', async () => {
  await expect(withLock(folder, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(readdirSync(folder)).toEqual([]);
});
