import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRecord } from '../../client/local/service-record.ts';
import { stopLocalService } from '../../client/local/service.ts';
import { endAll, musher, plainEnvironment } from './musher.ts';

// The whole path with nothing configured: the real local server and worker, and servers that do not answer,
// so that a deploy goes on asking until it is cancelled. The tests tell one story, in their order.
const SPEC = `version: 1
servers:
  web1: { address: 127.0.0.2, port: 1, user: deploy }
groups:
  eu-cluster: { kind: cluster, members: [web1] }
projects:
  shop:
    app: static
    source: { directory: ./shop }
    environments:
      live: { group: eu-cluster, domains: [shop.example.net], retry_timeout: 1h }
`;
const MUSHER = join(import.meta.dirname, '../../bin/musher');
const TEMPORAL = join(import.meta.dirname, '../../.venv/bin/temporal');
const SLOW = 180_000;

let folder: string;
let home: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'musher-operations-'));
  home = join(folder, 'home');
  mkdirSync(join(folder, 'shop'));
  writeFileSync(join(folder, 'shop/index.html'), 'a page');
  writeFileSync(join(folder, 'musher.yml'), SPEC);
});
afterAll(async () => {
  endAll();
  await stopLocalService({ home });
  rmSync(folder, { recursive: true, force: true });
}, SLOW);

const environment = () => ({ MUSHER_HOME: home, XDG_CONFIG_HOME: join(folder, 'config') });
const run = (...args: string[]) => musher(args, { cwd: folder, env: environment() });
const events = (stdout: string) => stdout.trim().split('\n').map((line) => JSON.parse(line) as { event: string; [field: string]: unknown });
const temporal = (...args: string[]) => promisify(execFile)(TEMPORAL, args, { env: { ...process.env, TEMPORAL_CONFIG_FILE: join(home, 'temporal.toml') } });

interface Status {
  subjects: { subject: string; running: { operation: string; steps: { name: string }[] | null } | null; last: { outcome: string; message: string } | null }[];
}
const statusOf = async (subject: string) => (JSON.parse((await run('status', subject, '--json')).stdout) as Status).subjects[0]!;

test('a deploy starts the local service by itself; Ctrl-C lets go of the terminal and says how to take it up', async () => {
  const { code, stdout, stderr } = await musher(['deploy', 'shop/live'], { cwd: folder, env: environment(), interruptAfter: 'observe and plan: ' });
  expect(stderr).toContain('Starting the local Temporal server');
  expect(stdout).toContain('Take it up again with: musher watch shop/live');
  expect(code, stderr).toBe(130);
}, SLOW);

test('the operation goes on: status names its step', async () => {
  await expect.poll(async () => (await statusOf('shop/live')).running?.steps?.map(({ name }) => name), { timeout: 30_000 }).toContain('observe and plan');
  const { stdout } = await run('status');
  expect(stdout).toMatch(/under way for .*: deploy by .*@.*, at observe and plan/);
}, SLOW);

test('the command is quick: help within 0.2 s, status within a second while an operation is under way', async () => {
  // The best of five rounds; of more where the machine is busy with something else.
  const fastest = async (limit: number, ...args: string[]): Promise<number> => {
    let best = Infinity;
    for (let round = 0; round < 5 || (round < 25 && best > limit); round++) {
      const started = performance.now();
      await promisify(execFile)(MUSHER, args, { cwd: folder, env: { ...plainEnvironment(), ...environment() } });
      best = Math.min(best, performance.now() - started);
    }
    return best;
  };
  expect(await fastest(200, '--help')).toBeLessThanOrEqual(200);
  expect(await fastest(1000, 'status')).toBeLessThanOrEqual(1000);
}, SLOW);

test('a second operation on the environment is refused, and told who holds it', async () => {
  const { code, stderr } = await run('deploy', 'shop/live');
  expect(code).toBe(2);
  expect(stderr).toMatch(/shop\/live has an operation under way: deploy, asked for by .* Watch it with "musher watch shop\/live"/);
}, SLOW);

test('watch takes it up through the death of worker and server, which come back by themselves', async () => {
  const { server, worker } = readRecord(join(home, 'service.json'));
  const watching = musher(['watch', '--json'], { cwd: folder, env: environment() });
  await sleep(3_000);
  process.kill(worker!.pid, 'SIGKILL');
  process.kill(server!.pid, 'SIGKILL');
  await expect.poll(() => readRecord(join(home, 'service.json')).worker?.pid, { timeout: 60_000 }).not.toBe(worker!.pid);
  await expect.poll(async () => (await statusOf('shop/live')).running?.steps, { timeout: 60_000 }).toBeTruthy();
  // A step that the old worker had is handed to the new one after 5 s without a heartbeat; a cancel before that finds nobody.
  await sleep(8_000);
  expect((await run('cancel', 'shop/live')).code).toBe(0);
  const { code, stdout } = await watching;
  const told = events(stdout);
  expect(told.map(({ event }) => event)).toContain('waiting');
  expect(told[0]).toMatchObject({ event: 'watching', subject: 'shop/live', operation: 'deploy' });
  expect(told.at(-1)).toMatchObject({ event: 'result', result: { outcome: 'cancelled', subject: 'shop/live' } });
  expect(code).toBe(1);
}, SLOW);

test('what has ended is told again by watch and by status', async () => {
  const { code, stdout } = await run('watch', 'shop/live');
  expect(code).toBe(1);
  expect(stdout).toContain('The operation was cancelled.');
  expect((await statusOf('shop/live')).last?.outcome).toBe('cancelled');
  expect((await run('cancel', 'shop/live')).code).toBe(2);
}, SLOW);

test("logs are Ansible's familiar text", async () => {
  const { code, stdout } = await run('logs', 'shop/live');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^PLAY RECAP/m);
  expect(stdout).toContain('UNREACHABLE!');
}, SLOW);

test('the printed command starts the same deploy with the bare temporal command', async () => {
  const { stdout } = await run('input', 'deploy', 'shop/live', '--command');
  await promisify(execFile)('sh', ['-c', stdout], { env: { PATH: `${join(TEMPORAL, '..')}:${process.env['PATH']}`, HOME: folder } });
  await expect.poll(async () => (await statusOf('shop/live')).running?.steps?.map(({ name }) => name), { timeout: 30_000 }).toContain('observe and plan');
  expect((await run('cancel', 'shop/live')).code).toBe(0);
  expect((await run('watch', 'shop/live')).code).toBe(1);
}, SLOW);

test.each([
  ['altered', (input: Record<string, unknown>) => ({ ...input, requestedBy: 'somebody else' })],
  ['unsigned', ({ signature: _, ...input }: Record<string, unknown>) => input],
])('%s input is refused', async (_, change) => {
  const input = JSON.parse((await run('input', 'deploy', 'shop/live')).stdout) as Record<string, unknown>;
  const file = join(folder, 'input.json');
  writeFileSync(file, JSON.stringify(change(input)));
  await temporal('workflow', 'start', '--type', 'deploy', '--task-queue', 'musher', '--workflow-id', 'environment/shop/live', '--input-file', file);
  const { code, stdout } = await run('watch', 'shop/live', '--json');
  expect(code).toBe(1);
  expect(events(stdout).at(-1)).toMatchObject({ event: 'result', result: { outcome: 'failed', failure: { type: 'input-refused' } } });
}, SLOW);

test('an operation that was terminated from outside says so', async () => {
  expect((await run('deploy', 'shop/live', '--detach')).code).toBe(0);
  await temporal('workflow', 'terminate', '--workflow-id', 'environment/shop/live', '--reason', 'a test');
  const { code, stderr } = await run('watch', 'shop/live');
  expect(code).toBe(1);
  expect(stderr).toContain('The operation was terminated, and told no result.');
  await expect.poll(async () => (await statusOf('shop/live')).last?.outcome, { timeout: 15_000 }).toBe('terminated');
}, SLOW);

test('stopping the service leaves no process; its logs stay readable', async () => {
  const { server, worker } = readRecord(join(home, 'service.json'));
  expect(await run('service', 'stop')).toMatchObject({ code: 0 });
  for (const { pid } of [server!, worker!]) expect(commandLineOf(pid)).not.toMatch(/temporal|worker/);
  expect((await run('service', 'logs', '-n', '20000')).stdout).toContain('worker ready');
}, SLOW);

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
