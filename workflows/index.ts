/** Everything that a client can start. Names and inputs are stable: see `contract/names.ts` and `contract/requests.ts`. */
export { deploy } from './deploy.ts';
export { observe } from './observe.ts';
export { plan } from './plan.ts';
export { provision } from './provision.ts';
export { rollBack } from './roll-back.ts';
