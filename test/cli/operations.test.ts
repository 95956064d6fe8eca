import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { readRecord } from '../../client/local/service-record.ts';
import { memoryOfWorker } from './memory-of.ts';
import { musher } from './musher.ts';
import { eventsIn as events, ownService, SLOW, TEMPORAL } from './own-service.ts';
import { shopSpec } from './shop-spec.ts';
import { speedOf } from './speed-of.ts';
import { inTerminal } from './terminal.ts';

// The whole path with nothing configured: the real local server and worker, and servers that do not answer,
// so that a deploy goes on asking until it is cancelled. The tests tell one story, in their order.
const SPEC = shopSpec({ servers: { web1: '127.0.0.2, port: 1' }, lines: 'retry_timeout: 1h' });
const MUSHER = join(import.meta.dirname, '../../bin/musher');

const { folder, home, environment, run, temporal } = ownService('operations', SPEC);

interface Status {
  subjects: { subject: string; waiting: { workflowId: string; note?: string }[]; running: { operation: string; steps: { name: string }[] | null } | null; last: { outcome: string; message: string } | null }[];
}
const statusOf = async (subject: string) => (JSON.parse((await run('status', subject, '--json')).stdout) as Status).subjects[0]!;

test('a deploy starts the local service by itself; Ctrl-C lets go of the terminal and says how to take it up', async () => {
  const { code, stdout, stderr } = await musher(['deploy', 'shop/live'], { cwd: folder, env: environment, interruptAfter: 'observe and plan: ' });
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
  const help = await speedOf(MUSHER, ['--help'], { cwd: folder, env: environment });
  expect(help.cpu).toBeLessThanOrEqual(0.2);
  expect(help.wall).toBeLessThanOrEqual(0.2);
  const status = await speedOf(MUSHER, ['status'], { cwd: folder, env: environment });
  expect(status.cpu).toBeLessThanOrEqual(1);
  expect(status.wall).toBeLessThanOrEqual(1);
}, SLOW);

test('the worker holds at most 400 MB with all that it has started', async () => {
  const { server } = readRecord(join(home, 'service.json'));
  const seen = [];
  for (let look = 0; look < 10; look++) {
    seen.push(memoryOfWorker(home, [server!.pid]));
    await sleep(300);
  }
  // Not of one process alone: the warm one is among them, and what it forks for the run that is under way.
  const commands = seen.flatMap(({ processes }) => processes);
  expect(commands.filter((command) => command.includes('nursery.py')).length, commands.join('\n')).toBeGreaterThan(0);
  expect(Math.max(...seen.map(({ processes }) => processes.length))).toBeGreaterThanOrEqual(2);
  const most = Math.max(...seen.map(({ megabytes }) => megabytes));
  expect(most).toBeGreaterThan(60);
  expect(most).toBeLessThanOrEqual(400);
}, SLOW);

test('in a terminal its steps are a table that is drawn over itself; Ctrl-C lets go, and the cursor is back', async () => {
  const { code, shown } = await inTerminal(['watch', 'shop/live'], { cwd: folder, env: environment }, [
    ['observe and plan', ''],
    // It is drawn again and again: what is under way has taken longer each time.
    ['observe and plan', ''],
    ['Ctrl-C lets go', '\u0003'],
  ]);
  expect(code, shown).toBe(130);
  expect(shown).toContain('Let go; the operation goes on. Take it up again with: musher watch shop/live');
  const [hide, restore, erase] = ['\u001B[?25l', '\u001B[?25h', '\u001B[2K'];
  expect(shown).toContain(hide);
  expect(shown).toContain(erase);
  expect(shown.lastIndexOf(restore)).toBeGreaterThan(shown.lastIndexOf(hide));
  expect((await statusOf('shop/live')).running).toMatchObject({ operation: 'deploy' });
}, SLOW);

test('a second operation on the environment waits, and says behind whom; with --no-wait it is refused', async () => {
  const refused = await run('deploy', 'shop/live', '--no-wait');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/shop\/live would have to wait: it comes behind deploy of shop\/live, asked for by .* watch the other with "musher watch environment\/shop\/live\/\S+"/);
  const both = await run('deploy', 'shop/live', '--no-wait', '--latest');
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('do not go together') as string });

  const asked = await run('deploy', 'shop/live', '--detach');
  expect(asked.code, asked.stderr).toBe(0);
  const [, second] = /Deploy shop\/live waits for its turn, behind deploy shop\/live by .*\. Follow it with: musher watch (\S+)/.exec(asked.stdout)!;
  expect((await statusOf('shop/live')).waiting).toMatchObject([{ workflowId: second, note: expect.stringMatching(/^behind the deploy of shop\/live that .* asked for at/) as string }]);
  const { stdout } = await run('queue');
  expect(stdout).toMatch(/^eu-cluster\n.*state.*\n +1 +under way .* deploy|Deploy shop\/live/);
  expect(stdout).toMatch(new RegExp(`2 +waits .* 1 +${second}$`, 'm'));

  // The later one takes the place of the one that waits, which is watched by its own id.
  const latest = await run('deploy', 'shop/live', '--detach', '--latest');
  const [, third] = /musher watch (\S+)$/m.exec(latest.stdout)!;
  const superseded = await run('watch', second!, '--json');
  expect(superseded.code).toBe(1);
  expect(events(superseded.stdout).at(-1)).toMatchObject({ event: 'result', result: { outcome: 'superseded', undone: [] } });
  expect((await run('cancel', third!)).code).toBe(0);
  expect((await run('watch', third!)).code).toBe(1);
  expect((JSON.parse((await run('queue', 'eu-cluster', '--json')).stdout) as { queues: { operations: unknown[] }[] }).queues).toMatchObject([{ group: 'eu-cluster', operations: [{ state: 'holding' }] }]);
}, SLOW);

test('watch takes it up through the death of worker and server, which come back by themselves', async () => {
  const { server, worker } = readRecord(join(home, 'service.json'));
  const watching = musher(['watch', '--json'], { cwd: folder, env: environment });
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
])('%s input is refused', async (name, change) => {
  const input = JSON.parse((await run('input', 'deploy', 'shop/live')).stdout) as Record<string, unknown>;
  const file = join(folder, 'input.json');
  writeFileSync(file, JSON.stringify(change(input)));
  await temporal('workflow', 'start', '--type', 'deploy', '--task-queue', 'musher', '--workflow-id', `environment/shop/live/${name}`, '--input-file', file);
  const { code, stdout } = await run('watch', `environment/shop/live/${name}`, '--json');
  expect(code).toBe(1);
  expect(events(stdout).at(-1)).toMatchObject({ event: 'result', result: { outcome: 'failed', failure: { type: 'input-refused' } } });
}, SLOW);

test('an operation that was terminated from outside says so', async () => {
  const { stdout } = await run('deploy', 'shop/live', '--detach', '--json');
  const { workflowId } = events(stdout)[0] as unknown as { workflowId: string };
  await temporal('workflow', 'terminate', '--workflow-id', workflowId, '--reason', 'a test');
  const { code, stderr } = await run('watch', workflowId);
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
