import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { provisionRequest } from '../../client/requests.ts';
import { Harness } from './harness.ts';
import { callsOf, deployOf, failing, PAUSE, pausing } from './pausing.ts';
import { shopSpec } from './shop-spec.ts';
import { shop } from './shop-world.ts';


let harness: Harness;
beforeAll(async () => void (harness = await Harness.start()), 60_000);
afterAll(() => harness.stop());

describe('Other steps pause, too', () => {
  test('an upload: it is sent again only to those that have not got it', async () => {
    const { world, mend } = failing('uploadRelease', 'web2', 'disk-full');
    const result = await pausing(harness, world, deployOf(), async (paused) => {
      expect((await paused.question()).choices[0]).toEqual({ decision: 'retry', effect: 'sent again to web2' });
      mend();
      await paused.answer({ decision: 'retry' });
    });
    expect(result.outcome).toBe('done');
    expect(callsOf(world, 'uploadRelease')).toEqual(['web1,web2,web3', 'web2']);
  });

  test.each([
    ['skip', 'done', { web1: 'new', web2: 'old', web3: 'new' }, ['web2']],
    ['rollback', 'failed', { web1: 'old', web2: 'old', web3: 'old' }, []],
    ['abort', 'failed', { web1: 'old', web2: 'old', web3: 'old' }, []],
  ] as const)('an upload: %s', async (decision, outcome, current, held) => {
    const { world } = failing('uploadRelease', 'web2', 'disk-full');
    const result = await pausing(harness, world, deployOf(), (paused) => paused.answer({ decision, ...(decision === 'skip' && { host: 'web2' }) }));
    expect(result.outcome).toBe(outcome);
    expect(world.current).toEqual(current);
    expect(world.held).toEqual(held);
    expect(callsOf(world, 'deleteRelease')).toHaveLength(decision === 'rollback' ? 1 : 0);
  });

  test.each([
    ['hook-failed', 'retry', 'again'],
    ['hook-outcome-unknown', 'retry', 'again'],
    ['hook-outcome-unknown', 'done', 'done'],
    ['hook-failed', 'done', 'done'],
  ] as const)('a once hook (%s): %s', async (failure, decision, told) => {
    const { world, mend } = failing('runOnceHooks', 'web1', failure);
    const result = await pausing(harness, world, deployOf(PAUSE, { once: ['true'] }), async (paused) => {
      expect((await paused.question()).choices.map((choice) => choice.decision)).toEqual(['retry', 'done', 'rollback', 'abort']);
      await expect(paused.answer({ decision: 'skip', host: 'web1' })).rejects.toThrow('Its hook may have done its work on web1, and would do it again on another member.');
      mend();
      await paused.answer({ decision });
    });
    expect(result.outcome).toBe('done');
    expect(world.calls.filter(({ activity }) => activity === 'runOnceHooks').map(({ detail }) => detail)).toEqual(['', told]);
  });

  test('a once hook whose member is gone: without it, the hooks run on another; what may still run on the first is stopped when everything is undone', async () => {
    const world = shop();
    world.trouble = (call, host) => {
      if (call.activity === 'runOnceHooks' && host === 'web1') return { failure: 'authentication-failed' };
      return call.release === 'new' ? { failure: 'health-check-failed' } : undefined;
    };
    const result = await pausing(harness, world, deployOf(PAUSE, { once: ['true'] }), async (paused) => {
      await paused.answer({ decision: 'skip', host: 'web1' });
      await paused.answer({ decision: 'rollback' }, 2);
    });
    expect(callsOf(world, 'runOnceHooks')).toEqual(['web1', 'web2']);
    expect(callsOf(world, 'stopOnceHooks')).toEqual(['web1', 'web2']);
    expect(result.undone).toContain('leave out web1');
    expect(world.held).toEqual([]);
  });

  test('planning: a member that does not answer is left out; nothing has been changed by then', async () => {
    const world = shop();
    world.silent.add('web2');
    const result = await pausing(harness, world, deployOf({ ...PAUSE, retry_timeout: 1 }), async (paused) => {
      const question = await paused.question();
      expect(question).toMatchObject({ step: 'observe and plan', situation: expect.stringContaining('Nothing has been changed.') as string });
      expect(world.calls).toEqual([]);
      await expect(paused.answer({ decision: 'skip', host: 'web1' })).rejects.toThrow('web1 has not failed.');
      await paused.answer({ decision: 'skip', host: 'web2' });
    });
    expect(result.outcome).toBe('done');
    expect(world.current).toEqual({ web1: 'new', web2: 'old', web3: 'new' });
    expect(world.held).toEqual(['web2']);
    expect(result.members.find(({ name }) => name === 'web2')).toMatchObject({ inService: false, behind: 'no route' });
  });

  test('two that fail side by side are asked about one after the other', async () => {
    const world = shop();
    world.silent.add('web2');
    let builds = 0;
    world.trouble = ({ activity }) => (activity === 'buildArtifact' && builds++ === 0 ? { failure: 'build-failed', message: 'no composer' } : undefined);
    const result = await pausing(harness, world, deployOf({ ...PAUSE, retry_timeout: 1 }), async (paused) => {
      expect((await paused.question()).step).toBe('build');
      await expect.poll(async () => (await paused.handle.progress()).steps.map(({ state }) => state), { timeout: 20_000 }).toEqual(['paused', 'paused']);
      expect((await paused.handle.progress()).question).toMatchObject({ id: 1, step: 'build' });
      await paused.answer({ decision: 'retry' });
      expect((await paused.question(2)).step).toBe('observe and plan');
      world.silent.clear();
      await paused.answer({ decision: 'retry' }, 2);
    });
    expect(result.outcome).toBe('done');
  });

  test('of two that fail side by side, the second is not asked about once the first has ended it all', async () => {
    const world = shop();
    world.silent.add('web2');
    world.trouble = ({ activity }) => (activity === 'buildArtifact' ? { failure: 'build-failed', message: 'no composer' } : undefined);
    const result = await pausing(harness, world, deployOf({ ...PAUSE, retry_timeout: 1 }), async (paused) => {
      await expect.poll(async () => (await paused.handle.progress()).steps.map(({ state }) => state), { timeout: 20_000 }).toEqual(['paused', 'paused']);
      await paused.answer({ decision: 'rollback' });
    });
    expect(result).toMatchObject({ outcome: 'failed', failure: { type: 'build-failed' }, message: 'shop/live was left as it was: no composer.' });
    expect(result.decisions).toHaveLength(1);
    expect(result.steps.map(({ name, state }) => [name, state])).toEqual([['observe and plan', 'skipped'], ['build', 'failed']]);
    expect(world.calls).toEqual([]);
  });

  test('telling the balancers who is left out', async () => {
    const { world, mend } = failing('holdMembers', 'lb1', 'balancer-refused');
    world.silent.add('web3');
    const result = await pausing(harness, world, deployOf({ ...PAUSE, tolerate: 1, retry_timeout: 1 }), async (paused) => {
      expect(await paused.question()).toMatchObject({ step: 'leave out', choices: [{ decision: 'retry', effect: 'lb1 asked again' }, { decision: 'rollback' }, { decision: 'abort' }] });
      mend();
      await paused.answer({ decision: 'retry' });
    });
    expect(result.outcome).toBe('done');
    expect(world.held).toEqual(['web3']);
  });

  test('but provisioning does not: it is undone at once', async () => {
    const { world } = failing('provisionGroup', 'lb1', 'balancer-refused');
    const result = await pausing(harness, world, provisionRequest(shopSpec(PAUSE), 'eu'), async () => {});
    expect(result).toMatchObject({ outcome: 'failed', undone: ['provision'] });
    expect(result.decisions).toBeUndefined();
  });

  test('nor does a failure that no person can do anything about', async () => {
    const { world } = failing('switchBatch', 'web2', 'fenced');
    expect(await pausing(harness, world, deployOf(), async () => {})).toMatchObject({ outcome: 'failed', failure: { type: 'fenced' } });
  });
});
