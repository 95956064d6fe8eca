import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { changeKnownHosts, knownHostsOf, readKnownHosts } from '../../../client/trust/known-hosts-file.ts';

let folder: string;
let home: string;
let users: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'musher-known-'));
  home = join(folder, 'state');
  users = join(folder, '.ssh/known_hosts');
  mkdirSync(home);
  mkdirSync(join(folder, '.ssh'));
  vi.stubEnv('HOME', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test("until there is a list of Musher's own, the user's is the list", () => {
  expect(knownHostsOf(home)).toBe(users);
  expect(readKnownHosts(home)).toBe('');
  writeFileSync(users, 'line\n');
  expect(readKnownHosts(home)).toBe('line\n');
});

test("the first change makes a private one that keeps all that the user's had, and leaves that alone", async () => {
  writeFileSync(users, 'old ssh-rsa AAAA\n');
  await changeKnownHosts(home, (list) => `${list}new\n`);
  expect(readFileSync(join(home, 'known_hosts'), 'utf8')).toBe('old ssh-rsa AAAA\nnew\n');
  expect(statSync(join(home, 'known_hosts')).mode & 0o777).toBe(0o600);
  expect(readFileSync(users, 'utf8')).toBe('old ssh-rsa AAAA\n');
  expect(knownHostsOf(home)).toBe(join(home, 'known_hosts'));
});

test('changes made at once are all there, and nothing is left over', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `host${index}`);
  await Promise.all(names.map((name) => changeKnownHosts(home, (list) => `${list}${name}\n`)));
  expect(readFileSync(join(home, 'known_hosts'), 'utf8').trim().split('\n').sort()).toEqual(names.sort());
  expect(readdirSync(home).sort()).toEqual(['known_hosts', 'known_hosts.lock']);
  expect(readdirSync(join(home, 'known_hosts.lock'))).toEqual([]);
});

test('a change that fails leaves the list as it was', async () => {
  await changeKnownHosts(home, () => 'before\n');
  await expect(
    changeKnownHosts(home, () => {
      throw new Error('broken');
    }),
  ).rejects.toThrow('broken');
  expect(readKnownHosts(home)).toBe('before\n');
});
