import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureLocalService, stopLocalService } from '../../client/local/service.ts';
import { endAll, musher } from './musher.ts';

// A Temporal as a cluster is before anybody has started a worker: what stands for one here takes no work.
const SPEC = `version: 1
servers:
  web1: { address: 192.0.2.12, user: deploy }
groups:
  eu: { kind: cluster, members: [web1] }
projects:
  shop:
    app: static
    source: { directory: ./shop }
    environments:
      live: { group: eu, domains: [shop.example.net] }
`;
const SLOW = 60_000;

let folder: string;
let home: string;
let env: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'musher-no-worker-'));
  home = join(folder, 'home');
  mkdirSync(join(folder, 'shop'));
  writeFileSync(join(folder, 'musher.yml'), SPEC);
  const service = await ensureLocalService({ home, worker: join(import.meta.dirname, '../client/local/stand-in-worker.ts') });
  env = { TEMPORAL_ADDRESS: service.address, TEMPORAL_NAMESPACE: service.namespace };
  await service.connection.close();
}, SLOW);
afterAll(async () => {
  endAll();
  await stopLocalService({ home });
  rmSync(folder, { recursive: true });
}, SLOW);

test.each([[['plan', 'deploy', 'shop/live']], [['status', '--live']]])('%j says that it waits for a worker', async (args) => {
  const { stderr } = await musher(args, { cwd: folder, env, interruptAfter: 'Waiting for a worker' });
  expect(stderr).toContain('none takes work from the task queue "musher"');
}, SLOW);

test.each([
  ['nosuch/live', 'no project "nosuch"'],
  ['shop/liev', 'did you mean "live"?'],
  ['eu-west', 'no group "eu-west"'],
])('status of %s, which neither the spec nor Temporal knows, exits 2', async (subject, message) => {
  const { code, stdout, stderr } = await musher(['status', subject], { cwd: folder, env });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
}, SLOW);

test('status of what the spec knows says that it has never been deployed', async () => {
  const { code, stdout } = await musher(['status', 'shop/live'], { cwd: folder, env });
  expect(code).toBe(0);
  expect(stdout).toContain('never deployed');
}, SLOW);

test.each([[['deploy', 'shop/live']], [['status', 'shop/live']]])('%j in a namespace without our search attributes exits 2 and says how to make them', async (args) => {
  const { code, stdout, stderr } = await musher(args, { cwd: folder, env: { ...env, TEMPORAL_NAMESPACE: 'default' } });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  for (const name of ['MusherGroup', 'MusherSubject']) expect(stderr).toContain(`temporal operator search-attribute create --namespace default --name ${name} --type Keyword`);
}, SLOW);
