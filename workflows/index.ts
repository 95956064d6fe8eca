/** Everything that a client can start, and the queues of the groups, which operations start. Names and inputs are stable: see `contract/names.ts` and `contract/requests.ts`. */
export { deploy } from './deploy.ts';
export { observe } from './observe.ts';
export { plan } from './plan.ts';
export { provision } from './provision.ts';
export { queue } from './queue.ts';
export { recover } from './recover.ts';
export { rollBack } from './roll-back.ts';
