import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../../client/decisions.ts';
import { Harness } from './harness.ts';
import { callsOf, deployOf, PAUSE, Paused, unhealthy } from './pausing.ts';
import { shop } from './shop-world.ts';

let harness: Harness;
beforeAll(async () => void (harness = await Harness.start()), 60_000);
afterAll(() => harness.stop());

/** Until the queue has cleared up after everybody. */
const untilIdle = () => expect.poll(() => harness.client.queue('eu'), { timeout: 60_000 }).toEqual([]);

/** The same operation, paused still, after a reset. */
async function reset({ handle: { workflowId } }: Paused): Promise<Paused> {
  await harness.temporal('workflow', 'reset', '--workflow-id', workflowId, '--type', 'LastWorkflowTask', '--reason', 'a test');
  return new Paused(await harness.client.operation(workflowId));
}

describe('A paused operation that was reset', () => {
  test.each<[string, Record<string, unknown>, Answer | undefined]>([
    ['is ended by `rollback`', PAUSE, { decision: 'rollback' }],
    ['is ended by `abort`', PAUSE, { decision: 'abort' }],
    ['is ended where nobody decides', { on_failure: { pause: '5s', then: 'rollback' } }, undefined],
  ])('%s: it does not begin again, and what it did is put back', async (_, lines, answer) => {
    const { world } = unhealthy();
    await harness.working(world, async () => {
      const paused = new Paused(await harness.client.start(deployOf(lines)));
      await paused.question();
      const again = await reset(paused);
      if (answer) await again.answer(answer);
      const result = await again.handle.result();
      expect(result).toMatchObject({ outcome: 'failed', failure: { type: 'health-check-failed', step: 'switch batch 2 of 3' } });
      expect(result.notUndone.at(-1)).toMatchObject({ step: 'reset', message: 'The queue of the group puts right what the run before the reset had begun' });
      await untilIdle();
    });
    expect(callsOf(world, 'uploadRelease')).toHaveLength(1);
    expect(world.current).toEqual({ web1: 'old', web2: 'old', web3: 'old' });
  }, 120_000);
});

test('An abort that the balancers cannot be told of is an abort all the same', async () => {
  const { world } = unhealthy();
  let isBroken = false;
  const lost = () => ApplicationFailure.create({ type: 'playbook-invalid', message: 'Ansible could not read it.', nonRetryable: true, details: [{}] });
  const inner = world.activities();
  const activities = () => ({ ...inner, holdMembers: (...words: Parameters<typeof inner.holdMembers>) => (isBroken ? Promise.reject(lost()) : inner.holdMembers(...words)) });
  const result = await harness.working({ activities }, async () => {
    const paused = new Paused(await harness.client.start(deployOf()));
    await paused.question();
    isBroken = true;
    await paused.answer({ decision: 'abort' });
    return paused.handle.result();
  });
  expect(result).toMatchObject({ outcome: 'failed', failure: { type: 'health-check-failed' }, undone: [], decisions: [{ decision: 'abort' }] });
  expect(result.notUndone).toContainEqual(expect.objectContaining({ step: 'switch batch 2 of 3', message: 'Ansible could not read it.' }));
  expect(world.current).toMatchObject({ web1: 'new', web3: 'old' });
}, 60_000);

test('What was asked is asked no more once a branch beside it has failed for good', async () => {
  const world = shop();
  world.silent.add('web1');
  const build = Promise.withResolvers<never>();
  const activities = () => ({ ...world.activities(), buildArtifact: () => build.promise });
  await harness.working({ activities }, async () => {
    const paused = new Paused(await harness.client.start(deployOf()));
    await paused.question();
    build.reject(ApplicationFailure.create({ type: 'fenced', message: 'another', nonRetryable: true, details: [{}] }));
    const result = await paused.handle.result();
    expect(result).toMatchObject({ outcome: 'failed', failure: { type: 'fenced' } });
    expect(result.decisions).toBeUndefined();
    expect((await paused.handle.progress()).question).toBeUndefined();
  });
}, 60_000);
