import { deployRequest, provisionRequest, rollBackRequest } from '../../client/requests.ts';
import type { OperationRequest } from '../../contract/requests.ts';
import { shopSpec } from './shop-spec.ts';
import { World } from './world.ts';

const LIVE = { project: 'shop', environment: 'live' };

export interface Scenario {
  request: OperationRequest;
  world: World;
}

const shop = (current: string | null = 'old'): World => new World({ members: ['web1', 'web2', 'web3'], balancers: ['lb1'], subject: 'shop/live', current });

function troubled(trouble: World['trouble']): World {
  const world = shop();
  world.trouble = trouble;
  return world;
}

/** One of each kind of operation and of end, named after what its history guards. */
export const SCENARIOS: Record<string, () => Scenario> = {
  'deploy-done': () => ({ request: deployRequest(shopSpec({}, { once: ['true'] }), LIVE), world: shop() }),
  'deploy-first': () => ({ request: deployRequest(shopSpec(), LIVE), world: shop(null) }),
  'deploy-switched-back': () => ({
    request: deployRequest(shopSpec(), LIVE),
    world: troubled(({ release }, host) => (release === 'new' && host === 'web2' ? { failure: 'health-check-failed' } : undefined)),
  }),
  'deploy-asked-again': () => {
    let asked = 0;
    return {
      request: deployRequest(shopSpec(), LIVE),
      world: troubled(({ activity }, host) => (activity === 'uploadRelease' && host === 'web2' && asked++ < 2 ? { failure: 'host-unreachable' } : undefined)),
    };
  },
  'deploy-without-a-member': () => {
    const world = shop();
    world.silent.add('web2');
    return { request: deployRequest(shopSpec({ tolerate: 1 }), LIVE), world };
  },
  'roll-back-done': () => ({ request: rollBackRequest(shopSpec(), LIVE, 'old'), world: shop() }),
  'provision-done': () => ({ request: provisionRequest(shopSpec(), 'eu'), world: shop() }),
  'provision-put-back': () => ({
    request: provisionRequest(shopSpec(), 'eu'),
    world: troubled(({ activity }, host) => (activity === 'provisionGroup' && host === 'lb1' ? { failure: 'balancer-refused' } : undefined)),
  }),
};
