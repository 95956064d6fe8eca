import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeFailable } from './compensation/fault.ts';
import { CANCELS, PART, ROWS } from './compensation/rows.ts';
import { LONG, succeed, testRows } from './compensation/undoing.ts';
import { differences } from './oracle/differences.ts';
import { picture } from './oracle/picture.ts';
import { Site } from './site.ts';

// Each step of each operation fails before it did anything, half-way, and after it did everything but before it could say so; or is cancelled in its middle.
// The hosts are then what they were, as an oracle sees them that knows nothing of Musher. `make compensation` runs the table, and a pack's; `make test` a part of it (PART).

let site: Site;
let version = 0;

beforeAll(async () => {
  site = await Site.start({ name: 'compensation', members: ['web1', 'web2'], bare: true });
  await site.copyMusher();
  await makeFailable(site);
  site.project = { hooks: { once: ['sleep 2'], each: ['true'] } };
  await nextSource();
}, LONG);
afterAll(() => site?.stop(), LONG);

/** Of what an operation changes, a fact of each kind that the oracle must have seen: one that sees nothing finds everything equal. */
const PROVISIONED = [
  'web1: path /etc/nginx/musher/shop--live.conf was absent', 'web1: user m-shop--live was absent', 'web2: enabled nginx.service was absent', 'web2: unit musher-php@shop--live.service was absent',
  'web1: listens tcp 80 was absent', 'lb1: haproxy was does not run', 'lb1: haproxy server shop_live/web1 was absent', 'lb1: path /etc/haproxy/haproxy.cfg was file 0644',
];
const DEPLOYED = ['web1: path /var/lib/musher/current/shop/live was absent, is link', 'lb1: haproxy server shop_live/web2 was'];

async function seeing(work: () => Promise<unknown>, facts: string[]): Promise<void> {
  const before = await picture(site.lab);
  await work();
  const seen = differences(before, await picture(site.lab)).join('\n');
  for (const fact of facts) expect(seen).toContain(fact);
}

const nextSource = (unhealthyOn: string[] = []): Promise<void> => site.source({ version: String(++version), unhealthyOn });

testRows({
  site: () => site,
  rows: ROWS,
  cancels: CANCELS,
  part: PART,
  before: {
    'provision bare servers': async () => {},
    provision: async () => {},
    'first deploy': () => seeing(() => succeed(site, 'provision', 'eu'), PROVISIONED),
    deploy: () => seeing(() => succeed(site, 'deploy', 'shop/live'), DEPLOYED).then(() => nextSource()),
    'roll back': () => succeed(site, 'deploy', 'shop/live'),
    'provision another spec': async () => {
      // Another site beside, and other PHP workers, domains and health checks of those that are there.
      site.lines = { workers: 6, health: { path: '/echo.php' } };
      site.amend = ({ projects }) => void (projects.shop.environments['next'] = { ...projects.shop.environments['live'], domains: ['next.example.net', 'new.example.net'] });
    },
  },
});

test('An inverse that cannot reach its member is named with the command that mends it; the others still run, and the command does', async () => {
  site.lines = {};
  site.amend = () => {};
  await succeed(site, 'deploy', 'shop/live');
  const { web1: old } = await site.servedReleases();
  await nextSource(['web2']);
  await site.writeSpec();
  const { exitCode, stderr } = await site.musher('deploy', 'shop/live', '--detach');
  expect(exitCode, stderr).toBe(0);
  await site.until('shop/live', 'switch batch 1 of 2', 'done', 120);
  await site.lab.cutLink('web1');
  const { result } = await site.follow('watch', 'shop/live').finally(() => site.lab.joinLink('web1'));
  const back = `musher rollback shop/live --to ${old}`;
  expect(result, result.message).toMatchObject({ outcome: 'failed', failure: { type: 'health-check-failed', step: 'switch batch 2 of 2' } });
  expect(result.notUndone.map(({ step, host, mend }) => ({ step, host, mend })), JSON.stringify(result.notUndone)).toEqual([
    { step: 'switch batch 1 of 2', host: 'web1', mend: back },
    { step: 'once hooks', host: 'web1', mend: expect.stringContaining('sudo systemctl stop') as string },
    { step: 'upload', host: 'web1', mend: 'musher deploy shop/live' },
  ]);
  expect(result.undone).toEqual(['switch batch 2 of 2']);
  expect(await site.outOfService()).toEqual(['web1']);
  const { stdout } = await site.musher('status', 'shop/live');
  expect(stdout).toMatch(new RegExp(`switch batch 1 of 2: web1: .*\\n *mend it with: ${back}`));

  await succeed(site, ...back.split(' ').slice(1));
  expect(await site.servedReleases()).toEqual({ web1: old, web2: old });
  expect(await site.outOfService()).toEqual([]);
}, LONG);
