import { afterAll, beforeAll, expect, test } from 'vitest';
import { deployRequest, rollBackRequest } from '../../client/requests.ts';
import type { OperationResult } from '../../contract/result.ts';
import type { Spec } from '../../spec/spec.ts';
import { Harness } from './harness.ts';
import { LIVE, packSpec } from './shop-spec.ts';
import { pack } from './shop-world.ts';
import type { World } from './world.ts';

// Code that a storage keeps for all members: one upload, and nobody serves what he has not seen.

let harness: Harness;
beforeAll(async () => void (harness = await Harness.start()), 60_000);
afterAll(() => harness.stop());

const deploy = (world: World, spec: Spec = packSpec()): Promise<OperationResult> =>
  harness.working(world, async () => (await harness.client.start(deployRequest(spec, LIVE))).result());

const called = (world: World): unknown[] => world.calls.map(({ activity, hosts, detail }) => [activity, hosts.join(), detail]);
const stored = (world: World): string[] => world.hosts['nfs1']!.environments['shop/live']!.releases!.map(({ id }) => id);

test('A release is uploaded once, seen by every member, and then served batch by batch', async () => {
  const world = pack();
  const result = await deploy(world, packSpec({ keep: 2 }, { once: ['true'] }));
  expect(result).toMatchObject({ outcome: 'done', undone: [], notUndone: [] });
  expect(result.members).toEqual(['web1', 'web2', 'web3'].map((name) => ({ name, release: 'new', checksum: 'sha256:new', inService: true })));
  expect(called(world)).toEqual([
    ['uploadRelease', 'nfs1', undefined],
    ['seeRelease', 'web1,web2,web3', 'new sha256:new, new'],
    ['runOnceHooks', 'web1', ''],
    ['switchBatch', 'web1', 'drained'],
    ['switchBatch', 'web2', 'drained'],
    ['switchBatch', 'web3', 'drained'],
    ['pruneReleases', 'nfs1,web1,web2,web3', undefined],
  ]);
  expect(stored(world)).toEqual(['old', 'old-older', 'new']);
});

test('A member that does not see the whole release keeps it from everybody, and it is deleted from the storage', async () => {
  const world = pack();
  world.trouble = ({ activity }, host) => (activity === 'seeRelease' && host === 'web2' ? { failure: 'mount-point-filled' } : undefined);
  const result = await deploy(world);
  expect(result).toMatchObject({ outcome: 'failed', failure: { step: 'see' }, undone: ['see', 'upload'], notUndone: [] });
  expect(world.calls.some(({ activity }) => activity === 'switchBatch')).toBe(false);
  expect(stored(world)).toEqual(['old', 'old-older']);
});

test('A failed health check switches all back; then, and only then, the release is deleted', async () => {
  const world = pack();
  world.trouble = ({ release }, host) => (release === 'new' && host === 'web2' ? { failure: 'health-check-failed' } : undefined);
  const result = await deploy(world);
  expect(result).toMatchObject({ outcome: 'failed', undone: ['switch batch 2 of 3', 'switch batch 1 of 3', 'see', 'upload'], notUndone: [] });
  expect(world.current).toEqual({ web1: 'old', web2: 'old', web3: 'old' });
  expect(stored(world)).toEqual(['old', 'old-older']);
});

test('A release that a member may still serve stays on the storage, and that is said', async () => {
  const world = pack();
  world.trouble = ({ activity, release }, host) => {
    if (host === 'web2' && release === 'new') return { failure: 'health-check-failed' };
    return host === 'web1' && activity === 'switchBatch' && release === 'old' ? { failure: 'host-unreachable', message: 'no route' } : undefined;
  };
  const result = await deploy(world);
  expect(result.outcome).toBe('failed');
  expect(result.notUndone).toEqual([
    { step: 'switch batch 1 of 3', host: 'web1', message: 'web1: no route', mend: 'musher rollback shop/live --to old' },
    { step: 'upload', host: 'nfs1', message: 'nfs1: keeps new, because web1 may still serve it', mend: 'musher deploy shop/live' },
  ]);
  expect(stored(world)).toContain('new');
  expect(world.calls.filter(({ activity }) => activity === 'deleteRelease').map(({ hosts }) => hosts)).toEqual([['web2', 'web3']]);
}, 120_000);

test('Nothing is pruned while a member is left out, since nobody knows what it serves', async () => {
  const world = pack();
  world.silent.add('web3');
  expect((await deploy(world, packSpec({ tolerate: 1, keep: 2 }))).outcome).toBe('done');
  expect(world.calls.map(({ activity }) => activity)).not.toContain('pruneReleases');
  expect(world.current).toEqual({ web1: 'new', web2: 'new', web3: 'old' });
  expect(world.held).toEqual(['web3']);

  const lost = pack();
  lost.trouble = ({ release }, host) => (release === 'new' && host === 'web3' ? { failure: 'disk-full' } : undefined);
  expect((await deploy(lost, packSpec({ tolerate: 1, keep: 2 }))).outcome).toBe('done');
  expect(lost.calls.map(({ activity }) => activity)).not.toContain('pruneReleases');
});

test('Without its storage nothing is deployed, however many members are tolerated', async () => {
  const world = pack();
  world.silent.add('nfs1');
  const result = await deploy(world, packSpec({ tolerate: 2 }));
  expect(result).toMatchObject({ outcome: 'failed', failure: { type: 'host-unreachable' } });
  expect(result.message).toContain('nfs1 did not answer');
  expect(world.calls).toEqual([]);
}, 60_000);

test('A roll back goes to what the storage keeps, and each member sees it first', async () => {
  const world = pack();
  world.hosts['nfs1']!.environments['shop/live']!.releases!.unshift({ id: 'older', checksum: 'sha256:o' });
  const result = await harness.working(world, async () => (await harness.client.start(rollBackRequest(packSpec(), LIVE, 'older'))).result());
  expect(result.outcome, result.message).toBe('done');
  expect(world.calls[0]).toMatchObject({ activity: 'seeRelease', hosts: ['web1', 'web2', 'web3'], detail: 'older sha256:o' });
  expect(world.current).toEqual({ web1: 'older', web2: 'older', web3: 'older' });

  const none = await harness.working(world, async () => (await harness.client.start(rollBackRequest(packSpec(), LIVE, 'gone'))).result());
  expect(none.message).toContain('The storage of eu does not keep release gone');
});
