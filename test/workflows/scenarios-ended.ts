import { deployRequest, provisionRequest, rollBackRequest } from '../../client/requests.ts';
import type { OperationRequest } from '../../contract/requests.ts';
import { Paused } from './pausing.ts';
import { anonymous, sick, troubled, type Scenario } from './scenario.ts';
import { LIVE, packSpec, shopSpec } from './shop-spec.ts';
import { pack, shop } from './shop-world.ts';
import type { World } from './world.ts';

/** An operation that has ended. @param person who is asked by it. */
const ended = (request: OperationRequest, world: World, person?: (paused: Paused) => Promise<unknown>): Scenario => ({
  world,
  play: async ({ client }) => {
    const operation = await client.start(anonymous(request));
    await person?.(new Paused(operation));
    await operation.result();
    return operation;
  },
});

const pausing = (person: (paused: Paused) => Promise<unknown>, onFailure: unknown = 'pause'): Scenario => ended(deployRequest(shopSpec({ on_failure: onFailure }), LIVE), troubled(sick), person);

/** One of each kind of operation and of end. */
export const ENDED: Record<string, () => Scenario> = {
  'deploy-done': () => ended(deployRequest(shopSpec({}, { once: ['true'] }), LIVE), shop()),
  'deploy-first': () => ended(deployRequest(shopSpec(), LIVE), shop({ current: null })),
  'deploy-switched-back': () => ended(deployRequest(shopSpec(), LIVE), troubled(sick)),
  'deploy-asked-again': () => {
    let asked = 0;
    return ended(
      deployRequest(shopSpec(), LIVE),
      troubled(({ activity }, host) => (activity === 'uploadRelease' && host === 'web2' && asked++ < 2 ? { failure: 'host-unreachable' } : undefined)),
    );
  },
  'deploy-without-a-member': () => {
    const world = shop();
    world.silent.add('web2');
    return ended(deployRequest(shopSpec({ tolerate: 1 }), LIVE), world);
  },
  'deploy-cancelled': () => ended(deployRequest(shopSpec({ approval: 'required' }), LIVE), shop(), (paused) => paused.question().then(() => paused.handle.cancel())),
  'deploy-paused-and-retried': () => pausing((paused) => paused.answer({ decision: 'retry' }).then(() => paused.answer({ decision: 'rollback' }, 2))),
  'deploy-paused-and-skipped': () => pausing((paused) => paused.answer({ decision: 'skip', host: 'web2' })),
  'deploy-paused-and-aborted': () => pausing((paused) => paused.answer({ decision: 'abort' })),
  'deploy-paused-for-nobody': () => pausing(async () => {}, { pause: '1s' }),
  'deploy-paused-at-a-hook': () => {
    let asked = 0;
    return ended(
      deployRequest(shopSpec({ on_failure: 'pause' }, { once: ['true'] }), LIVE),
      troubled(({ activity }) => (activity === 'runOnceHooks' && asked++ === 0 ? { failure: 'hook-outcome-unknown' } : undefined)),
      (paused) => paused.answer({ decision: 'done' }),
    );
  },
  'deploy-approved': () => ended(deployRequest(shopSpec({ approval: 'required' }), LIVE), shop(), (paused) => paused.answer({ decision: 'approve' })),
  'deploy-declined': () => ended(deployRequest(shopSpec({ approval: 'required' }), LIVE), shop(), (paused) => paused.answer({ decision: 'abort' })),
  'pack-deploy-done': () => ended(deployRequest(packSpec({ keep: 2 }, { once: ['true'] }), LIVE), pack()),
  'pack-deploy-switched-back': () => ended(deployRequest(packSpec(), LIVE), troubled(sick, pack())),
  'pack-roll-back-done': () => ended(rollBackRequest(packSpec(), LIVE, 'old'), pack()),
  'roll-back-done': () => ended(rollBackRequest(shopSpec(), LIVE, 'old'), shop()),
  'roll-back-switched-back': () =>
    ended(
      rollBackRequest(shopSpec(), LIVE, 'old-older'),
      troubled(({ activity, release }, host) => (activity === 'switchBatch' && release === 'old-older' && host === 'web2' ? { failure: 'health-check-failed' } : undefined)),
    ),
  'provision-done': () => ended(provisionRequest(shopSpec(), 'eu'), shop()),
  'provision-put-back': () =>
    ended(
      provisionRequest(shopSpec(), 'eu'),
      troubled(({ activity }, host) => (activity === 'provisionGroup' && host === 'lb1' ? { failure: 'balancer-refused' } : undefined)),
    ),
};
