import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SubjectStatus } from '../../cli/status/collect-status.ts';
import { readRecord } from '../../client/local/service-record.ts';
import type { Question } from '../../contract/decision.ts';
import type { Ended } from './musher.ts';
import { eventsIn as events, ownService, SLOW } from './own-service.ts';
import { shopSpec } from './shop-spec.ts';

// The real local server and worker, and servers that do not answer: a deploy pauses before it has changed anything, and waits for a
// person through the death of both. The tests tell one story, in their order.
const SPEC = shopSpec({
  servers: { web1: '127.0.0.2, port: 1', web2: '127.0.0.3, port: 1', lb1: '127.0.0.4, port: 1' },
  group: 'members: [web1, web2], balancers: [lb1]',
  lines: 'retry_timeout: 1s, on_failure: { pause: 2h }',
});

const { home, run, temporal } = ownService('pause', SPEC);
let deploying: Promise<Ended>;

const status = async () => (JSON.parse((await run('status', 'shop/live', '--json')).stdout) as { subjects: SubjectStatus[] }).subjects[0]!;
const question = async (): Promise<Question | undefined> => (await status()).running?.question;

test('a deploy that cannot go on asks: deploy and status show what has failed and what can be said', async () => {
  deploying = run('deploy', 'shop/live', '--json');
  await expect.poll(question, { timeout: 90_000, interval: 1000 }).toBeTruthy();
  expect(await question()).toMatchObject({ id: 1, about: 'failure', step: 'observe and plan', failure: { type: 'host-unreachable' }, otherwise: 'rollback' });
  const { code, stdout } = await run('status', 'shop/live');
  expect(code).toBe(0);
  expect(stdout).toMatch(/under way for .*: deploy by .*@.*, at observe and plan, paused/);
  expect(stdout).toMatch(/⏸ The deploy of shop\/live is paused at "observe and plan": .*did not answer.* Nothing has been changed\./);
  expect(stdout).toMatch(/musher retry shop\/live +the servers are looked at again/);
  expect(stdout).toMatch(/musher rollback shop\/live --paused +it ends/);
  expect(stdout).toMatch(/It waits until .+ UTC \(1 h 5\d min\); if nobody has decided by then: rollback\./);
}, SLOW);

test('it waits through the death of server and worker', async () => {
  const asked = await question();
  const { server, worker } = readRecord(join(home, 'service.json'));
  process.kill(worker!.pid, 'SIGKILL');
  process.kill(server!.pid, 'SIGKILL');
  await expect.poll(question, { timeout: 90_000, interval: 1000 }).toEqual(asked);
}, SLOW);

test('what is no answer is refused, with the reason and exit code 2', async () => {
  const refused: [words: string[], reason: string][] = [
    [['skip', 'lb1', 'shop/live'], 'It was not taken: lb1 is a balancer: each must be told who may be asked.'],
    [['skip', 'web9', 'shop/live'], 'It was not taken: eu-cluster has no member web9.'],
    [['approve', 'shop/live'], 'It was not taken: That is no answer here. There are: retry'],
    [['done', 'shop/live'], 'It was not taken: That is no answer here.'],
    [['rollback', 'shop/live', '--to', '20260102T030405Z-1a2b3c'], 'shop/live has an operation that is paused, and --to is for a new one.'],
    [['rollback', 'shop/live', '--paused', '--to', '20260102T030405Z-1a2b3c'], '--paused answers an operation, and --to is for a new one.'],
    [['retry', 'shop/test'], 'shop/test has no operation under way'],
    [['retry', 'shop'], 'shop has no operation under way'],
  ];
  for (const [words, reason] of refused) {
    const { code, stderr } = await run(...words);
    expect(stderr).toContain(reason);
    expect(code, words.join(' ')).toBe(2);
  }
  expect((await question())?.id).toBe(1);
}, SLOW);

test('a decision of another user of the machine, who can reach the server and read the history, is refused', async () => {
  const workflowId = (await status()).running!.workflowId;
  const { stdout } = await temporal('workflow', 'describe', '--workflow-id', workflowId, '--output', 'json');
  const { runId } = (JSON.parse(stdout) as { workflowExecutionInfo: { execution: { runId: string } } }).workflowExecutionInfo.execution;
  const decision = { version: 1, workflowId, runId, question: 1, decision: 'abort', decidedBy: 'mallory@here' };
  const send = (sent: object) => temporal('workflow', 'update', 'execute', '--workflow-id', workflowId, '--name', 'decide', '--input', JSON.stringify(sent)).then(() => 'taken', (error: Error & { stderr: string }) => error.stderr);
  expect(await send(decision)).toContain('It is not signed by the user of this worker.');
  expect(await send({ ...decision, signature: '0'.repeat(64) })).toContain('It is not signed by the user of this worker, or was altered after it was.');
  expect((await question())?.id).toBe(1);
}, SLOW);

test('a retry is taken and on record; it fails again, and asks again', async () => {
  const { code, stdout } = await run('retry', 'shop/live', '--json');
  expect(code).toBe(0);
  expect(events(stdout)).toMatchObject([{ event: 'decided', subject: 'shop/live', decision: { question: 1, decision: 'retry', step: 'observe and plan' } }]);
  await expect.poll(async () => (await question())?.id, { timeout: 90_000, interval: 1000 }).toBe(2);
}, SLOW);

test('rollback answers it, and starts nothing; whoever followed the deploy has seen it all', async () => {
  const { code, stdout } = await run('rollback', 'shop/live');
  expect(stdout).toMatch(/^Decided at "observe and plan": rollback, by .+@.+ UTC\. Follow it with "musher watch shop\/live"\.$/m);
  expect(code).toBe(0);
  const ended = await deploying;
  expect(ended.code).toBe(1);
  const told = events(ended.stdout);
  // The last decision may come with the end, or just before it.
  expect(told.filter(({ event }) => ['question', 'decided'].includes(event)).slice(0, 3).map(({ event, question: asked, decision }) => [event, ((asked ?? decision) as { id?: number; decision?: string }).id ?? (decision as { decision: string }).decision])).toEqual([
    ['question', 1],
    ['decided', 'retry'],
    ['question', 2],
  ]);
  expect(told.at(-1)).toMatchObject({ event: 'result', result: { outcome: 'failed', failure: { type: 'host-unreachable' }, decisions: [{ decision: 'retry' }, { decision: 'rollback' }] } });
  const { stdout: again } = await run('watch', 'shop/live');
  expect(again).toMatch(/Decided at "observe and plan": rollback, by .+@.+, at .+ UTC\./);
}, SLOW);

test('once it is over, --paused never starts a roll back', async () => {
  expect(await run('rollback', 'shop/live', '--paused')).toMatchObject({ code: 2, stderr: expect.stringContaining('shop/live is not paused') as string });
  expect((await status()).running).toBeNull();
}, SLOW);
