import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { activitySettings } from '../../worker/settings.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'm-'));
  vi.stubEnv('HOME', folder);
  vi.stubEnv('MUSHER_HOME', join(folder, 'state'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test('A worker that runs takes the list of host keys as soon as there is one', () => {
  const { run } = activitySettings({ XDG_RUNTIME_DIR: folder });
  expect(run.knownHosts).toBe(join(folder, '.ssh/known_hosts'));
  writeFileSync(join(folder, 'state/known_hosts'), '');
  expect(run.knownHosts).toBe(join(folder, 'state/known_hosts'));
});

test('A list that the environment names is the only one', () => {
  const { run } = activitySettings({ XDG_RUNTIME_DIR: folder, MUSHER_KNOWN_HOSTS: '/etc/ssh/ssh_known_hosts' });
  expect(run.knownHosts).toBe('/etc/ssh/ssh_known_hosts');
});
