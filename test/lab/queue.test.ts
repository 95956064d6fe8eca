import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Status } from '../../cli/status/collect-status.ts';
import type { QueueView } from '../../contract/turn.ts';
import { Site } from './site.ts';
import { stillRunning } from './traces.ts';

// One site; each test goes on from what the one before left it serving.

const LONG = 600_000;
const TEMPORAL = join(import.meta.dirname, '../../.venv/bin/temporal');
const MARK = 'data/in-the-hook';
/** Long enough to be cut off in, the first time and only on the second member: while it runs that is drained, and on the new release. */
const HOOK = `test "$(hostname)" != web2 || test -e ${MARK} || { touch ${MARK} && sleep 60; }`;
let site: Site;

beforeAll(async () => {
  site = await Site.start({ name: 'queue', members: ['web1', 'web2', 'web3'], balancers: ['lb1'] });
  await site.copyMusher();
  await site.source({ version: '1' });
  await site.succeed('provision', 'eu');
  await site.succeed('deploy', 'shop/live');
}, LONG);
afterAll(() => site?.stop(), LONG);

const temporal = (...args: string[]) => execa(TEMPORAL, ['workflow', ...args], { env: { ...site.environment, TEMPORAL_CONFIG_FILE: join(site.home, 'temporal.toml') }, extendEnv: false });
const mark = (member: string): string => join(site.lab.rootOf(member), 'var/aegir/projects/shop/live/shared', MARK);

async function queue(): Promise<QueueView> {
  const { stdout } = await site.musher('queue', 'eu', '--json');
  return (JSON.parse(stdout) as { queues: { operations: QueueView }[] }).queues[0]!.operations;
}

/** Starts a deploy; the id of its workflow. */
async function start(): Promise<string> {
  await site.writeSpec();
  const before = new Set((await queue()).map(({ workflowId }) => workflowId));
  const { exitCode, stderr } = await site.musher('deploy', 'shop/live', '--detach');
  expect(exitCode, stderr).toBe(0);
  return (await queue()).find(({ workflowId }) => !before.has(workflowId))!.workflowId;
}

/** Starts a deploy that is in the middle of its second batch, with a member drained, and one behind it that waits. */
async function inTheMiddle(version: string): Promise<{ cutOff: string; next: string; before: Record<string, string | null> }> {
  const before = await site.servedReleases();
  await site.source({ version });
  site.project = { hooks: { each: [HOOK] } };
  const cutOff = await start();
  for (const deadline = Date.now() + 120_000; !existsSync(mark('web2')); await sleep(100)) if (Date.now() > deadline) throw new Error(`web2 never came to its hook: ${(await site.musher('status')).stdout}`);
  expect(await site.outOfService()).toEqual(['web2']);
  expect(await site.servedReleases()).not.toEqual(before);
  site.project = {};
  const next = await start();
  expect(await queue()).toMatchObject([{ workflowId: cutOff, state: 'holding' }, { workflowId: next, state: 'waiting' }]);
  const { stdout } = await site.musher('status', 'shop/live', '--json');
  expect((JSON.parse(stdout) as Status).subjects[0]).toMatchObject({ running: { workflowId: cutOff }, waiting: [{ workflowId: next, note: expect.stringMatching(/^behind the deploy of shop\/live that .+@.+ asked for at /) as string }] });
  return { cutOff, next, before };
}

/** All serve one release again, nobody is drained, and nothing is left of what was cut off. */
async function isWhole(): Promise<void> {
  expect(new Set(Object.values(await site.servedReleases())).size).toBe(1);
  expect(await site.outOfService()).toEqual([]);
  expect(await stillRunning(site)).toEqual({});
  expect(await queue()).toEqual([]);
  await site.lab.root('web2', ['rm', '-f', `/var/aegir/projects/shop/live/shared/${MARK}`]);
}

test('A deploy is terminated in the middle of a batch: one that waits goes through, with nobody left drained and no run left', async () => {
  const { cutOff, next, before } = await inTheMiddle('2');
  await temporal('terminate', '--workflow-id', cutOff, '--reason', 'a test');
  const { exitCode, result } = await site.follow('watch', next);
  expect(exitCode, result.message).toBe(0);
  // The next one found the members as they were before: what had been begun was put back first.
  const recovered = await temporal('list', '--query', "WorkflowType = 'recover'", '--output', 'json');
  const [recovery] = JSON.parse(recovered.stdout) as { execution: { workflowId: string } }[];
  const { stdout } = await temporal('result', '--workflow-id', recovery!.execution.workflowId, '--output', 'json');
  expect(stdout).toContain('web1 and web2 serve again what was served before it');
  expect(Object.values(before)).not.toContain((await site.servedReleases())['web1']);
  await isWhole();
}, LONG);

test('A deploy is terminated in the middle of a batch and nobody waits: members serve what they served before', async () => {
  const { cutOff, next, before } = await inTheMiddle('3');
  expect((await site.musher('cancel', next)).exitCode).toBe(0);
  expect((await site.follow('watch', next)).result.outcome).toBe('cancelled');
  await temporal('terminate', '--workflow-id', cutOff, '--reason', 'a test');
  await expect.poll(queue, { timeout: 60_000, interval: 500 }).toEqual([]);
  expect(await site.servedReleases()).toEqual(before);
  await isWhole();
}, LONG);

test('A deploy is reset in the middle of a batch: one that waits goes first, then it begins again, and both end', async () => {
  const { cutOff, next } = await inTheMiddle('4');
  await temporal('reset', '--workflow-id', cutOff, '--type', 'LastWorkflowTask', '--reason', 'a test');
  const [first, second] = await Promise.all([site.follow('watch', next), site.follow('watch', cutOff)]);
  expect(first.exitCode, first.result.message).toBe(0);
  expect(second.exitCode, second.result.message).toBe(0);
  expect(Object.values(await site.servedReleases())).toContain(second.result.release!.id);
  await isWhole();
}, LONG);

interface HistoryEvent {
  eventId: string;
  eventTime: string;
  activityTaskScheduledEventAttributes?: { activityType: { name: string } };
  activityTaskCompletedEventAttributes?: { scheduledEventId: string };
  signalExternalWorkflowExecutionInitiatedEventAttributes?: unknown;
  workflowExecutionCompletedEventAttributes?: unknown;
}

test('A turn that nobody else wants costs some tens of milliseconds, to take and to give back', async () => {
  site.project = {};
  await site.source({ version: '5' });
  const workflowId = await start();
  const { exitCode, result } = await site.follow('watch', workflowId);
  expect(exitCode, result.message).toBe(0);
  const { stdout } = await temporal('show', '--workflow-id', workflowId, '--output', 'json');
  const { events } = JSON.parse(stdout) as { events: HistoryEvent[] };
  const at = (event: HistoryEvent | undefined) => Date.parse(event!.eventTime);
  const asked = events.find(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType.name === 'askTurn')!;
  const answered = events.find(({ activityTaskCompletedEventAttributes: completed }) => completed?.scheduledEventId === asked.eventId);
  const gaveBack = events.find((event) => event.signalExternalWorkflowExecutionInitiatedEventAttributes);
  const costs = [at(answered) - at(asked), at(events.find((event) => event.workflowExecutionCompletedEventAttributes)) - at(gaveBack)];
  console.log(`turn taken in ${costs[0]} ms, given back in ${costs[1]} ms, of a deploy of ${result.seconds} s`);
  // Other tests may have the machine; what waits for a poll or a time-out takes seconds.
  expect(Math.max(...costs)).toBeLessThan(1000);
  expect(readFileSync(join(site.home, 'worker.log'), 'utf8')).not.toContain('Nondeterminism');
}, LONG);
