import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { connect, ConnectError, type Connected } from '../../client/connect.ts';
import { ensureLocalService, stopLocalService } from '../../client/local/service.ts';

// One server for all: what differs is how it is named.
let folder: string;
let address: string;
let options: { home: string; worker: string };
const open: Connected[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'musher-connect-'));
  chmodSync(folder, 0o755);
  options = { home: join(folder, 'home'), worker: join(import.meta.dirname, 'local/stand-in-worker.ts') };
  const service = await ensureLocalService(options);
  address = service.address;
  await service.connection.close();
}, 120_000);

afterAll(async () => {
  await stopLocalService(options);
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  for (const name of Object.keys(process.env).filter((name) => name.startsWith('TEMPORAL_'))) vi.stubEnv(name, undefined);
  vi.stubEnv('XDG_CONFIG_HOME', join(folder, 'config'));
  // What does not go to the cluster fails here: the local service refuses a folder that others may enter.
  vi.stubEnv('MUSHER_HOME', folder);
});
afterEach(async () => {
  for (const connected of open.splice(0)) await connected.close();
  vi.unstubAllEnvs();
  rmSync(join(folder, 'config'), { recursive: true, force: true });
});

async function connected(): Promise<Connected> {
  const found = await connect();
  open.push(found);
  return found;
}

const writeProfile = (text: string): string => {
  const file = join(folder, 'config/temporalio/temporal.toml');
  mkdirSync(join(folder, 'config/temporalio'), { recursive: true });
  writeFileSync(file, text);
  return file;
};

test('TEMPORAL_ADDRESS names a cluster: requests go there unsigned', async () => {
  vi.stubEnv('TEMPORAL_ADDRESS', address);
  vi.stubEnv('TEMPORAL_NAMESPACE', 'musher');
  const found = await connected();
  expect(found).toMatchObject({ local: false, address, namespace: 'musher' });
  expect(found.sign({ operation: 'deploy' })).toEqual({ operation: 'deploy' });
  for await (const _ of found.client.operations()) expect.unreachable();
});

test('the profile file in its usual place names a cluster', async () => {
  writeProfile(`[profile.default]\naddress = "${address}"\nnamespace = "musher"\n`);
  expect(await connected()).toMatchObject({ local: false, address, namespace: 'musher' });
});

test('TEMPORAL_PROFILE names one of several', async () => {
  writeProfile(`[profile.default]\naddress = "127.0.0.1:1"\n[profile.eu]\naddress = "${address}"\nnamespace = "musher"\n`);
  vi.stubEnv('TEMPORAL_PROFILE', 'eu');
  expect(await connected()).toMatchObject({ address, namespace: 'musher' });
});

test('the profile file that the local service leaves for other clients works', async () => {
  vi.stubEnv('TEMPORAL_CONFIG_FILE', join(options.home, 'temporal.toml'));
  expect(await connected()).toMatchObject({ local: false, address, namespace: 'musher' });
});

test('a profile file without an address leaves it at the local service', async () => {
  writeProfile('[profile.default]\nnamespace = "musher"\n');
  await expect(connect()).rejects.toThrow(/chmod 700/);
});

const TEXTS: Record<string, string> = { broken: '[profile', addressless: '[profile.default]\nnamespace = "musher"\n' };

test.each([
  ['nobody listens', { TEMPORAL_ADDRESS: '127.0.0.1:1' }],
  ['the profile is not there', { TEMPORAL_PROFILE: 'nosuch' }],
  ['the profile file is broken', { TEMPORAL_CONFIG_FILE: 'broken' }],
  ['the named profile file is not there', { TEMPORAL_CONFIG_FILE: '/nosuch' }],
  ['the named profile file names no address', { TEMPORAL_CONFIG_FILE: 'addressless' }],
])('%s: one error with a way out', async (_, env: Record<string, string>) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, TEXTS[value] === undefined ? value : writeProfile(TEXTS[value]));
  const error = await connect().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ConnectError);
  expect((error as Error).message).toContain('unset them to use the local service');
});
