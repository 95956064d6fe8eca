import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decisionOn } from '../../client/decisions.ts';
import { DecisionRefused } from '../../client/decision-refused.ts';
import type { Decision } from '../../contract/decision.ts';
import { signRequest } from '../../contract/signature.ts';
import { Harness } from './harness.ts';
import { deployOf, Paused, pausing, unhealthy } from './pausing.ts';
import { shop } from './shop-world.ts';

let harness: Harness;
beforeAll(async () => void (harness = await Harness.start()), 60_000);
afterAll(() => harness.stop());

describe('A decision', () => {
  const good = (paused: Paused): Decision => decisionOn(paused.handle, { id: 1 }, { decision: 'retry' });
  const eventsOf = async ({ handle }: Paused): Promise<number> =>
    (await harness.client.temporal.workflow.getHandle(handle.workflowId, handle.runId).fetchHistory()).events!.length;

  test('that cannot be right is refused at once, says why, and leaves no event', async () => {
    const { world } = unhealthy();
    await pausing(harness, world, deployOf(), async (paused) => {
      await paused.question();
      // The paused workflow's own task has to end first.
      await sleep(300);
      const before = await eventsOf(paused);
      const cases: [sent: unknown, reason: string | RegExp][] = [
        [undefined, 'It is no decision.'],
        [7, 'It is no decision.'],
        [{}, 'It is no decision of version 1.'],
        [{ ...good(paused), decidedBy: 7 }, 'It does not say who decides.'],
        [{ ...good(paused), decidedBy: 'x'.repeat(300) }, 'It does not say who decides.'],
        [{ ...good(paused), host: {} }, 'Its host is no name.'],
        [{ ...good(paused), runId: 'another' }, 'It is about another operation.'],
        [{ ...good(paused), question: 2 }, 'What it answers is no longer the question.'],
        [{ ...good(paused), decision: 'approve' }, 'That is no answer here. There are: retry, skip web2, rollback, abort.'],
        [{ ...good(paused), decision: 'done' }, /^That is no answer here/],
        [{ ...good(paused), decision: 'skip' }, /^That is no answer here/],
        [{ ...good(paused), decision: 'retry', host: 'web2' }, /^That is no answer here/],
        [{ ...good(paused), decision: 'skip', host: 'web1' }, 'web1 has not failed.'],
        [{ ...good(paused), decision: 'skip', host: 'lb1' }, 'lb1 is a balancer: each must be told who may be asked.'],
        [{ ...good(paused), decision: 'skip', host: 'nosuch' }, 'eu has no member nosuch.'],
      ];
      for (const [sent, reason] of cases) {
        const error = await paused.handle.decide(sent as Decision).then(() => undefined, (refused: Error) => refused);
        expect(error, JSON.stringify(sent)).toBeInstanceOf(DecisionRefused);
        expect(error!.message).toMatch(reason);
      }
      expect(await eventsOf(paused)).toBe(before);
      await paused.answer({ decision: 'rollback' });
    });
  });

  test('while nothing is asked is refused', async () => {
    const world = shop();
    await harness.working(world, async () => {
      let open = () => {};
      const opened = new Promise<void>((resolve) => (open = resolve));
      world.gate = () => opened;
      const handle = await harness.client.start(deployOf());
      await expect(handle.decide(decisionOn(handle, { id: 1 }, { decision: 'retry' }))).rejects.toThrow('Nothing is to be decided.');
      open();
      await handle.result();
      await expect(handle.decide(decisionOn(handle, { id: 1 }, { decision: 'retry' }))).rejects.toThrow('The operation has ended.');
    });
  });

  test('of two at once only one is taken', async () => {
    const { world } = unhealthy();
    const result = await pausing(harness, world, deployOf(), async (paused) => {
      await paused.question();
      const both = await Promise.allSettled([paused.handle.decide({ ...good(paused), decision: 'rollback' }), paused.handle.decide({ ...good(paused), decision: 'abort' })]);
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    });
    expect(result.decisions).toHaveLength(1);
  });

  test('for a local worker must be signed with its key: one of somebody else is refused, and the operation goes on waiting', async () => {
    const { world } = unhealthy();
    const [key, anotherKey] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    world.inputKey = key;
    const result = await pausing(harness, world, signRequest(deployOf(), key), async (paused) => {
      await paused.question();
      const abort = { ...good(paused), decision: 'abort' as const };
      await expect(paused.handle.decide(abort)).rejects.toThrow('It is not signed by the user of this worker.');
      await expect(paused.handle.decide(signRequest(abort, anotherKey))).rejects.toThrow('The decision was refused. It is not signed by the user of this worker, or was altered after it was.');
      await expect(paused.handle.decide({ ...signRequest({ ...abort, decision: 'retry' as const }, key), decision: 'abort' })).rejects.toThrow('altered');
      expect((await paused.handle.progress()).question?.id).toBe(1);
      await paused.handle.decide(signRequest({ ...abort, decision: 'rollback' as const }, key));
    });
    expect(result).toMatchObject({ outcome: 'failed', decisions: [{ decision: 'rollback' }] });
    expect(world.held).toEqual([]);
  });

  test('is taken by a worker that was not there when it was asked for', async () => {
    const { world, mend } = unhealthy();
    const paused = await harness.working(world, async () => {
      const asked = new Paused(await harness.client.start(deployOf()));
      await asked.question();
      return asked;
    });
    mend();
    const result = await harness.working(world, async () => {
      await paused.answer({ decision: 'retry' });
      return paused.handle.result();
    });
    expect(result.outcome).toBe('done');
  });
});
