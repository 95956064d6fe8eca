import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deployRequest, rollBackRequest } from '../../client/requests.ts';
import { Harness } from './harness.ts';
import { someTime, whoDecided } from './on-record.ts';
import { callsOf, deployOf, failing, PAUSE, pausing, unhealthy } from './pausing.ts';
import { LIVE, shopSpec } from './shop-spec.ts';
import { shop } from './shop-world.ts';


let harness: Harness;
beforeAll(async () => void (harness = await Harness.start()), 60_000);
afterAll(() => harness.stop());

describe('A switch that fails pauses', () => {
  test('and says what failed where, how things stand, what each choice does, and how long it waits; the failed member is held meanwhile', async () => {
    const { world, mend } = unhealthy();
    const result = await pausing(harness, world, deployOf(), async (paused) => {
      const question = await paused.question();
      expect(question).toMatchObject({ id: 1, about: 'failure', step: 'switch batch 2 of 3', failure: { type: 'health-check-failed', hosts: { web2: 'health-check-failed there' } }, otherwise: 'rollback' });
      expect(question.situation).toBe(
        'The deploy of shop/live is paused at "switch batch 2 of 3": web2: health-check-failed there. Meanwhile web1 is serving new, web2 is held out of service and web3 is serving old, as before.',
      );
      expect(question.choices).toEqual([
        { decision: 'retry', effect: 'web2 switched to new and checked again' },
        { decision: 'skip', host: 'web2', effect: 'it goes on with web1 and web3; web2 stays out of service and is listed as behind until a later deploy reaches it' },
        { decision: 'rollback', effect: 'what was done is undone: web1 and web2 go back to old' },
        { decision: 'abort', effect: 'it ends, and nothing is undone: web1 is serving new, web2 is held out of service and web3 is serving old, as before' },
      ]);
      expect(question.message).toMatch(/What can be done: retry: .+; skip web2: .+; rollback: .+; abort: .+\. It waits until \d{4}-.+ UTC; if nobody has decided by then: rollback\.$/);
      expect(Date.parse(question.until) - Date.parse(question.askedAt)).toBe(3600_000);
      expect(world.held).toEqual(['web2']);
      const { steps } = await paused.handle.progress();
      expect(steps.find(({ name }) => name === 'switch batch 2 of 3')).toMatchObject({ state: 'paused', note: 'web2: health-check-failed there' });
      mend();
      expect(await paused.answer({ decision: 'retry' })).toEqual({ question: 1, step: 'switch batch 2 of 3', decision: 'retry', by: whoDecided, at: someTime });
    });
    expect(result).toMatchObject({ outcome: 'done', decisions: [{ decision: 'retry', by: whoDecided }] });
    expect(world.current).toEqual({ web1: 'new', web2: 'new', web3: 'new' });
    expect(world.held).toEqual([]);
    expect(callsOf(world, 'uploadRelease')).toHaveLength(1);
  });

  test('again, when the retry fails too, with a question of its own', async () => {
    const { world, mend } = unhealthy();
    const result = await pausing(harness, world, deployOf(), async (paused) => {
      await paused.answer({ decision: 'retry' });
      await paused.question(2);
      mend();
      await paused.answer({ decision: 'retry' }, 2);
    });
    expect(result.decisions?.map(({ question }) => question)).toEqual([1, 2]);
    expect(result.outcome).toBe('done');
  });

  test('skip goes on without the member: out of service, listed as behind; the next deploy brings it back', async () => {
    const { world, mend } = unhealthy();
    const result = await pausing(harness, world, deployOf(), (paused) => paused.answer({ decision: 'skip', host: 'web2' }));
    expect(result).toMatchObject({ outcome: 'done', decisions: [{ decision: 'skip', host: 'web2' }] });
    expect(result.members.find(({ name }) => name === 'web2')).toMatchObject({ inService: false, behind: 'health-check-failed there' });
    expect(world.current).toMatchObject({ web1: 'new', web3: 'new' });
    expect(world.held).toEqual(['web2']);
    mend();
    expect((await pausing(harness, world, deployOf(), async () => {})).outcome).toBe('done');
    expect(world.held).toEqual([]);
  });

  test('what was skipped goes back with the others, when everything is undone later', async () => {
    const world = shop();
    world.trouble = (call, host) => (call.release === 'new' && host !== 'web1' ? { failure: 'health-check-failed' } : undefined);
    const result = await pausing(harness, world, deployOf(), async (paused) => {
      await paused.answer({ decision: 'skip', host: 'web2' });
      await paused.answer({ decision: 'rollback' }, 2);
    });
    expect(result).toMatchObject({ outcome: 'failed', failure: { step: 'switch batch 3 of 3' }, undone: ['switch batch 3 of 3', 'switch batch 2 of 3', 'switch batch 1 of 3', 'upload'], notUndone: [] });
    expect(world.current).toEqual({ web1: 'old', web2: 'old', web3: 'old' });
    expect(world.held).toEqual([]);
    expect(result.members.map(({ inService, behind }) => [inService, behind])).toEqual([[true, undefined], [true, undefined], [true, undefined]]);
  });

  test('rollback undoes everything, as if nobody had been asked', async () => {
    const { world } = unhealthy();
    const result = await pausing(harness, world, deployOf(), (paused) => paused.answer({ decision: 'rollback' }));
    expect(result).toMatchObject({ outcome: 'failed', failure: { type: 'health-check-failed' }, undone: ['switch batch 2 of 3', 'switch batch 1 of 3', 'upload'], notUndone: [] });
    expect(world.current).toEqual({ web1: 'old', web2: 'old', web3: 'old' });
    expect(world.held).toEqual([]);
  });

  test('abort ends it as it is: who is out of service stays so and is named; the next deploy brings all to one release', async () => {
    const { world, mend } = unhealthy();
    const result = await pausing(harness, world, deployOf(), (paused) => paused.answer({ decision: 'abort' }));
    expect(result).toMatchObject({ outcome: 'failed', failure: { type: 'health-check-failed' }, undone: [] });
    expect(result.message).toMatch(/^The deploy of shop\/live to new failed at "switch batch 2 of 3": web2: health-check-failed there\. .+@.+ decided to end it as it was: web1 is serving new, web2 is left out of service and web3 is serving old, as before\.$/);
    expect(result.notUndone.map(({ step }) => step)).toEqual(['switch batch 2 of 3', 'switch batch 1 of 3', 'upload']);
    expect(result.members).toEqual([
      { name: 'web1', release: 'new', checksum: 'sha256:new', inService: true },
      { name: 'web2', release: 'old', checksum: 'sha256:old', inService: false, behind: 'it was not switched: health-check-failed there' },
      { name: 'web3', release: 'old', checksum: 'sha256:old', inService: true },
    ]);
    expect(world.current).toMatchObject({ web1: 'new', web3: 'old' });
    expect(world.held).toEqual(['web2']);
    mend();
    expect((await pausing(harness, world, deployOf(), async () => {})).outcome).toBe('done');
    expect(world.held).toEqual([]);
  });

  test.each([
    ['then what was done is undone', { pause: '2s' }, 'rollback', []],
    ['then it ends as it is, where the spec says so', { pause: '2s', then: 'abort' }, 'abort', ['web2']],
  ])('nobody may answer: %s', async (_, on_failure, decision, held) => {
    const { world } = unhealthy();
    const result = await pausing(harness, world, deployOf({ on_failure }), async () => {});
    expect(result).toMatchObject({ outcome: 'failed', decisions: [{ decision, by: null, at: someTime }] });
    expect(world.held).toEqual(held);
  });

  test('a cancel meanwhile undoes everything', async () => {
    const { world } = unhealthy();
    const result = await pausing(harness, world, deployOf(), async (paused) => {
      await paused.question();
      await paused.handle.cancel();
    });
    expect(result).toMatchObject({ outcome: 'cancelled', undone: ['switch batch 2 of 3', 'switch batch 1 of 3', 'upload'], notUndone: [] });
    expect(world.current).toEqual({ web1: 'old', web2: 'old', web3: 'old' });
    expect(world.held).toEqual([]);
  });

  test('the only member that serves is put back to what it served, rather than held: somebody has to answer', async () => {
    const { world, mend } = failing('switchBatch', 'web1', 'health-check-failed', shop({ members: ['web1'] }));
    const spec = shopSpec(PAUSE);
    spec.groups['eu']!.members = ['web1'];
    const result = await pausing(harness, world, deployRequest(spec, LIVE), async (paused) => {
      const question = await paused.question();
      expect(question.situation).toContain('Meanwhile web1 is serving old, as before.');
      expect(question.choices.map(({ decision }) => decision)).toEqual(['retry', 'rollback', 'abort']);
      expect(world.current).toEqual({ web1: 'old' });
      expect(world.held).toEqual([]);
      await expect(paused.answer({ decision: 'skip', host: 'web1' })).rejects.toThrow('Without web1 no member would be left.');
      mend();
      await paused.answer({ decision: 'retry' });
    });
    expect(result.outcome).toBe('done');
    expect(world.current).toEqual({ web1: 'new' });
  });

  test('where nothing stands before the members, each is put back to what it served; skip leaves one behind', async () => {
    const world = shop({ balancers: [] });
    world.trouble = failing('switchBatch', 'web2', 'health-check-failed').world.trouble;
    const spec = shopSpec(PAUSE);
    spec.groups['eu']!.balancers = [];
    const result = await pausing(harness, world, deployRequest(spec, LIVE), async (paused) => {
      const { situation, choices } = await paused.question();
      expect(situation).toContain('Meanwhile web1 is serving new and web2 and web3 are serving old, as before.');
      expect(choices[1]).toEqual({ decision: 'skip', host: 'web2', effect: 'it goes on with web1 and web3; web2 is listed as behind until a later deploy reaches it' });
      await paused.answer({ decision: 'skip', host: 'web2' });
    });
    expect(result.outcome).toBe('done');
    expect(world.current).toEqual({ web1: 'new', web2: 'old', web3: 'new' });
  });

  test('the only member, where it cannot even be put back, is told as what it is; abort does not turn everybody away', async () => {
    const world = shop({ members: ['web1'] });
    world.trouble = (call) => (call.activity === 'switchBatch' ? { failure: 'health-check-failed', message: call.release === 'new' ? 'new is ill' : 'old is ill, too' } : undefined);
    const spec = shopSpec(PAUSE);
    spec.groups['eu']!.members = ['web1'];
    const result = await pausing(harness, world, deployRequest(spec, LIVE), async (paused) => {
      expect((await paused.question()).situation).toContain('Meanwhile web1 is serving nobody knows what. That did not come about on web1: old is ill, too.');
      await paused.answer({ decision: 'abort' });
    });
    expect(world.held).toEqual([]);
    expect(result.members).toMatchObject([{ name: 'web1', inService: false, behind: 'nobody knows what it serves: old is ill, too' }]);
  });

  test('a balancer that cannot be told is named; it cannot be skipped', async () => {
    const { world, mend } = failing('switchBatch', 'web2', 'health-check-failed');
    const { trouble } = world;
    world.trouble = (call, host) => trouble(call, host) ?? (call.activity === 'holdMembers' && host === 'lb1' ? { failure: 'balancer-refused', message: 'no' } : undefined);
    await pausing(harness, world, deployOf(), async (paused) => {
      expect((await paused.question()).situation).toContain('That did not come about on lb1: no.');
      await expect(paused.answer({ decision: 'skip', host: 'lb1' })).rejects.toThrow('lb1 is a balancer: each must be told who may be asked.');
      mend();
      await paused.answer({ decision: 'retry' });
    });
  });

  test('a skip that a balancer could not be told of is made good by the next retry', async () => {
    const { world } = unhealthy();
    const { trouble } = world;
    let isDeaf = false;
    world.trouble = (call, host) => trouble(call, host) ?? (isDeaf && call.activity === 'holdMembers' ? { failure: 'balancer-refused', message: 'deaf' } : undefined);
    const result = await pausing(harness, world, deployOf(), async (paused) => {
      await paused.question();
      world.hosts['lb1']!.balancer!.backends['shop_live']!['web2'] = { admin: 'ready', held: false };
      isDeaf = true;
      await paused.answer({ decision: 'skip', host: 'web2' });
      expect((await paused.question(2)).failure).toMatchObject({ type: 'balancer-refused', hosts: { lb1: 'deaf' } });
      isDeaf = false;
      await paused.answer({ decision: 'retry' }, 2);
    });
    expect(result.outcome, result.message).toBe('done');
    expect(world.held).toEqual(['web2']);
  });

  test('a roll back pauses as a deploy does', async () => {
    const world = shop();
    for (const host of ['web1', 'web2', 'web3']) world.hosts[host]!.environments['shop/live']!.releases!.unshift({ id: 'older', checksum: 'sha256:o' });
    world.trouble = (call, host) => (call.release === 'older' && host === 'web1' ? { failure: 'health-check-failed' } : undefined);
    const result = await pausing(harness, world, rollBackRequest(shopSpec(PAUSE), LIVE, 'older'), async (paused) => {
      expect((await paused.question()).situation).toMatch(/^The roll back of shop\/live is paused at "switch batch 1 of 3"/);
      await paused.answer({ decision: 'skip', host: 'web1' });
    });
    expect(result.outcome).toBe('done');
    expect(world.current).toMatchObject({ web2: 'older', web3: 'older' });
  });
});
