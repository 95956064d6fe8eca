import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rollBackRequest } from '../../client/requests.ts';
import { Harness } from './harness.ts';
import { someTime, whoDecided } from './on-record.ts';
import { deployOf, pausing } from './pausing.ts';
import { LIVE, shopSpec } from './shop-spec.ts';
import { shop } from './shop-world.ts';


let harness: Harness;
beforeAll(async () => void (harness = await Harness.start()), 60_000);
afterAll(() => harness.stop());

describe('An approval', () => {
  const REQUIRED = { approval: 'required' };

  test('is waited for before anything is changed, with the plan; who gave it and when is on record', async () => {
    const world = shop();
    const result = await pausing(harness, world, deployOf(REQUIRED), async (paused) => {
      const question = await paused.question();
      expect(question).toMatchObject({ about: 'approval', step: 'approval', otherwise: 'abort' });
      expect(question.situation).toBe(
        'The deploy of shop/live: release new (1 files), in 3 batches, waits for an approval. web1: from old to new; web2: from old to new; web3: from old to new; lb1: drains web1, then web2, then web3, and asks them again after the switch. Nothing has been changed.',
      );
      expect(Date.parse(question.until) - Date.parse(question.askedAt)).toBe(24 * 3600_000);
      expect(world.calls).toEqual([]);
      await expect(paused.answer({ decision: 'retry' })).rejects.toThrow('That is no answer here. There are: approve, abort.');
      await paused.answer({ decision: 'approve' });
    });
    expect(result).toMatchObject({ outcome: 'done', decisions: [{ step: 'approval', decision: 'approve', by: whoDecided, at: someTime }] });
    expect(result.steps.find(({ name }) => name === 'approval')).toMatchObject({ state: 'done', note: expect.stringMatching(/^approved by .+@/) as string });
  });

  test.each([
    ['declined', REQUIRED, 'abort', /^shop\/live was left as it was: .+@.+ declined it\.$/],
    ['not given in time', { approval: { within: '2s' } }, undefined, /^shop\/live was left as it was: Nobody approved it in time\.$/],
  ] as const)('that is %s ends the operation, with nothing changed', async (_, lines, decision, message) => {
    const world = shop();
    const result = await pausing(harness, world, deployOf(lines), async (paused) => decision && paused.answer({ decision }));
    expect(result).toMatchObject({ outcome: 'failed', failure: { type: 'not-approved', step: 'approval' }, message: expect.stringMatching(message) as string, undone: [], notUndone: [] });
    expect(world.calls).toEqual([]);
  });

  test('is for that plan: when the servers have changed meanwhile, nothing is done', async () => {
    const world = shop();
    const result = await pausing(harness, world, deployOf(REQUIRED), async (paused) => {
      await paused.question();
      world.hosts['web2']!.environments['shop/live']!.current = 'old-older';
      await paused.answer({ decision: 'approve' });
    });
    expect(result.failure).toMatchObject({ type: 'plan-changed', step: 'look again' });
    expect(world.calls).toEqual([]);
  });

  test('is needed for a roll back, too; a cancel meanwhile ends it', async () => {
    const world = shop();
    const result = await pausing(harness, world, rollBackRequest(shopSpec(REQUIRED), LIVE, 'old-older'), async (paused) => {
      expect((await paused.question()).situation).toMatch(/^The roll back of shop\/live to release old-older, in 3 batches, waits for an approval\./);
      await paused.handle.cancel();
    });
    expect(result).toMatchObject({ outcome: 'cancelled' });
    expect(world.calls).toEqual([]);
  });
});
