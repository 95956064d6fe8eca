import { afterAll, beforeAll } from 'vitest';
import { makeFailable } from './compensation/fault.ts';
import { PACK_CANCELS, PACK_PART, PACK_ROWS } from './compensation/rows.ts';
import { LONG, succeed, testRows } from './compensation/undoing.ts';
import { Site } from './site.ts';

// The same as compensation.test.ts in a pack: code and shared files on a storage, with exports, mounts, and releases that members have to see.

let site: Site;
let version = 0;

/** A pack, whatever the usual spec says. */
function asPack(more: Record<string, object> = {}): void {
  site.amend = ({ groups, projects }) => {
    groups.eu = { kind: 'pack', members: site.members, balancers: site.balancers, storage: { server: site.storage, export: '/srv/packs' } };
    Object.assign(projects.shop.environments, more);
  };
}

beforeAll(async () => {
  site = await Site.start({ name: 'compensation-nfs', members: ['web1', 'web2'], storage: 'nfs1' });
  await site.copyMusher();
  await makeFailable(site);
  asPack();
  await nextSource();
}, LONG);
afterAll(() => site?.stop(), LONG);

const nextSource = (): Promise<void> => site.source({ version: String(++version) });

testRows({
  site: () => site,
  rows: PACK_ROWS,
  cancels: PACK_CANCELS,
  part: PACK_PART,
  before: {
    'provision bare servers': async () => {},
    provision: async () => {},
    'first deploy': () => succeed(site, 'provision', 'eu'),
    deploy: () => succeed(site, 'deploy', 'shop/live').then(() => nextSource()),
    'roll back': () => succeed(site, 'deploy', 'shop/live'),
    'provision another spec': async () => asPack({ next: { group: 'eu', domains: ['next.example.net'] } }),
  },
});
