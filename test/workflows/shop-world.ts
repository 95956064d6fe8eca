import { World } from './world.ts';

const USUAL = { members: ['web1', 'web2', 'web3'], balancers: ['lb1'], subject: 'shop/live', current: 'old' };

/** The servers of `shopSpec`, which serve `old`. */
export const shop = (unlike: Partial<ConstructorParameters<typeof World>[0]> = {}): World => new World({ ...USUAL, ...unlike });

/** Those of `packSpec`. */
export const pack = (): World => shop({ storage: 'nfs1' });
