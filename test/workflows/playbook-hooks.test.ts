import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OperationResult } from '../../contract/result.ts';
import { deployRequest, rollBackRequest } from '../../client/requests.ts';
import type { Hook } from '../../spec/spec.ts';
import { partsOf } from '../../workflows/switch-parts.ts';
import { Harness } from './harness.ts';
import { callsOf, deployOf, failing, PAUSE, pausing } from './pausing.ts';
import { LIVE, shopSpec } from './shop-spec.ts';
import { shop } from './shop-world.ts';
import type { World } from './world.ts';

let harness: Harness;
beforeAll(async () => void (harness = await Harness.start()), 60_000);
afterAll(() => harness.stop());

const PLAYBOOK = { playbook: 'hooks/a b.yml' };
const PATH = '/srv/hooks/a b.yml';

const deploy = (world: World, hooks: { once?: Hook[]; each?: Hook[] }, lines: Record<string, unknown> = {}): Promise<OperationResult> =>
  harness.working(world, async () => (await harness.client.start(deployRequest(shopSpec(lines, hooks), LIVE))).result());

const LOST = () => ApplicationFailure.create({ type: 'run-lost', message: 'Ansible was killed.', nonRetryable: true, details: [{}] });

/** What was asked of the servers, in its order. */
const told = (world: World): string[] => world.calls.map(({ activity, hosts, detail }) => [activity, hosts.join(), detail].filter(Boolean).join(' '));

describe('Playbooks among once hooks', () => {
  test('run on all servers, once the member has come to them; then it goes on', async () => {
    const world = shop();
    expect((await deploy(world, { once: ['first', PLAYBOOK, 'last', PLAYBOOK] })).outcome).toBe('done');
    const play = `playOnceHook web1,web2,web3,lb1 ${PATH}`;
    expect(told(world).slice(1, -3)).toEqual(['runOnceHooks web1', play, 'runOnceHooks web1', play, 'runOnceHooks web1']);
    const steps = world.calls.map(({ step }) => step);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(new Set(steps).size).toBe(steps.length);
  });

  test('One that fails is on record as failed, and everything is undone; what it left running on servers is stopped', async () => {
    const { world } = failing('playOnceHook', 'web2', 'hook-failed');
    const result = await deploy(world, { once: [PLAYBOOK] });
    expect(result).toMatchObject({ outcome: 'failed', failure: { type: 'hook-failed', hosts: { web1: 'web2: hook-failed there' } }, undone: ['once hooks', 'upload'] });
    expect(told(world).slice(-3)).toEqual(['sealHosts web1,web2,web3,lb1', 'stopOnceHooks web1', 'deleteRelease web1,web2,web3']);
    expect(world.records).toEqual({ 'web1 0 0': { number: 0, decided: 0, failure: 'web2: hook-failed there' } });
  });

  test('A server that does not answer is asked again before one has begun', async () => {
    const world = shop();
    let asked = 0;
    world.trouble = ({ activity }, host) => (activity === 'playOnceHook' && host === 'lb1' && asked++ === 0 ? { failure: 'host-unreachable' } : undefined);
    expect((await deploy(world, { once: [PLAYBOOK] })).outcome).toBe('done');
    expect(callsOf(world, 'playOnceHook')).toHaveLength(2);
    expect(world.played).toEqual([PATH]);
  });

  test.each([
    [1, 'done', [PATH]],
    [9, 'failed', []],
  ] as const)('One that is lost %i times before it has begun is started again, up to three times: %s', async (times, outcome, played) => {
    const world = shop();
    let lost = 0;
    world.playing = async (hasBegun) => {
      if (!hasBegun && lost++ < times) throw LOST();
    };
    const result = await deploy(world, { once: [PLAYBOOK] });
    expect(result.outcome).toBe(outcome);
    expect(result.failure?.type).toBe(outcome === 'failed' ? 'run-lost' : undefined);
    expect(world.played).toEqual(played);
    expect(callsOf(world, 'playOnceHook')).toHaveLength(Math.min(times + 1, 3));
  });

  test.each([
    ['retry', [PATH, PATH]],
    ['done', [PATH]],
  ] as const)('One that is lost once it has begun is not run again, until a person says so: %s', async (decision, played) => {
    const world = shop();
    let lost = 0;
    world.playing = async (hasBegun) => {
      if (hasBegun && lost++ === 0) throw LOST();
    };
    const result = await pausing(harness, world, deployOf(PAUSE, { once: [PLAYBOOK, 'last'] }), async (paused) => {
      const { failure, choices } = await paused.question();
      expect(failure?.type).toBe('hook-outcome-unknown');
      expect(choices.map((choice) => choice.decision)).toEqual(['retry', 'done', 'rollback', 'abort']);
      expect(world.played).toEqual([PATH]);
      await paused.answer({ decision });
    });
    expect(result.outcome).toBe('done');
    expect(world.played).toEqual(played);
  });

  test('One that takes too long has failed', async () => {
    const world = shop();
    world.playing = async (hasBegun) => {
      if (hasBegun) throw ApplicationFailure.create({ type: 'hook-failed', message: 'It took longer than 5 s.', nonRetryable: true, details: [{}] });
    };
    const result = await deploy(world, { once: [PLAYBOOK] });
    expect(result).toMatchObject({ failure: { type: 'hook-failed', message: expect.stringContaining('It took longer than 5 s.') as string } });
    expect(Object.values(world.records)).toMatchObject([{ failure: 'It took longer than 5 s.' }]);
  });

  test('The member that has the records cannot be skipped once a playbook has begun', async () => {
    const world = shop();
    let isAway = false;
    world.playing = async (hasBegun) => void (isAway = hasBegun);
    world.trouble = ({ activity }) => (isAway && activity === 'runOnceHooks' ? { failure: 'authentication-failed' } : undefined);
    const result = await pausing(harness, world, deployOf(PAUSE, { once: [PLAYBOOK] }), async (paused) => {
      await expect(paused.answer({ decision: 'skip', host: 'web1' })).rejects.toThrow('What has been done is on record on web1 alone');
      isAway = false;
      await paused.answer({ decision: 'retry' });
    });
    // What came of it is not forgotten meanwhile.
    expect(result.outcome).toBe('done');
    expect(world.played).toEqual([PATH]);
  });
});

describe('Playbooks among each hooks', () => {
  test('A switch with commands alone takes one run; each playbook parts it', () => {
    const [P, Q] = [{ playbook: '/p.yml' }, { playbook: '/q.yml' }];
    expect(partsOf(['a', 'b'])).toEqual([{ commands: ['a', 'b'], isLast: true }]);
    expect(partsOf([P])).toEqual([{ commands: [], isLast: false }, P, { commands: [], isLast: true }]);
    expect(partsOf(['a', P, Q, 'b', 'c', P, 'd'])).toEqual([
      { commands: ['a'], isLast: false }, P, Q, { commands: ['b', 'c'], isLast: false }, P, { commands: ['d'], isLast: true },
    ]);
  });

  test('They run on the members of a batch, which are back in service only after the last', async () => {
    const world = shop();
    expect((await deploy(world, { each: ['first', PLAYBOOK, 'last'] }, { batch: 2 })).outcome).toBe('done');
    expect(told(world).slice(1, 4)).toEqual(['switchBatch web1,web2 drained,first,goes on', `playEachHook web1,web2 ${PATH}`, 'switchBatch web1,web2 undrained,last,last']);
    expect(told(world)).toHaveLength(7);
    expect(world.held).toEqual([]);
  });

  test('One that fails has its batch, and those before it, switched back, without any hook', async () => {
    const { world } = failing('playEachHook', 'web2', 'hook-failed');
    const result = await deploy(world, { each: [PLAYBOOK] });
    expect(result).toMatchObject({ outcome: 'failed', failure: { type: 'hook-failed' }, undone: ['switch batch 2 of 3', 'switch batch 1 of 3', 'upload'] });
    expect(told(world).slice(-4)).toEqual([`playEachHook web2 ${PATH}`, 'switchBatch web2 drained', 'switchBatch web1 drained', 'deleteRelease web1,web2,web3']);
    expect(world.current).toEqual({ web1: 'old', web2: 'old', web3: 'old' });
    expect(world.held).toEqual([]);
  });

  test('A member that does not answer is asked again, and its batch begun anew', async () => {
    const world = shop();
    let asked = 0;
    world.trouble = ({ activity }) => (activity === 'playEachHook' && asked++ === 0 ? { failure: 'host-unreachable' } : undefined);
    expect((await deploy(world, { each: [PLAYBOOK] })).outcome).toBe('done');
    expect(callsOf(world, 'playEachHook')).toEqual(['web1', 'web1', 'web2', 'web3']);
  });

  test('A roll back runs them, and no once hooks', async () => {
    const world = shop();
    const result = await harness.working(world, async () => (await harness.client.start(rollBackRequest(shopSpec({}, { once: [PLAYBOOK], each: [PLAYBOOK] }), LIVE, 'old-older'))).result());
    expect(result.outcome).toBe('done');
    expect(callsOf(world, 'playEachHook')).toEqual(['web1', 'web2', 'web3']);
    expect(world.played).toEqual([]);
  });
});
