import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from './private-host.ts';
import { LIVE, ShopBalancer } from './shop-balancer.ts';

// Members whose shared files are on a storage: one that cannot see them is out of service, all that cannot at once stay in.

let shop: ShopBalancer;
const files = { environments: [] as object[] };
const both = { admin: 'ready', held: false };
const out = { admin: 'maint', held: true };

beforeAll(async () => {
  shop = await ShopBalancer.start();
  files.environments = [shop.environment('shop', 'live', [LIVE], { files: { server: 'nfs1', address: '192.0.2.20' } }), shop.environments[1]!];
  expect(await shop.configure(files)).toMatchObject({ changed: true, actions: ['configured', 'started'] });
  await shop.live('ready', ['web1', 'web2']);
}, 60_000);

afterAll(() => shop.stop());

beforeEach(async () => {
  await shop.calm();
  await until(async () => (await shop.served()).length === 2);
});

const down = (...names: string[]): void => {
  for (const member of shop.members) member.healthy = !names.includes(member.name);
};

test('is observed by its members alone, and asked for again changes nothing', async () => {
  expect((await shop.states())['shop_live']).toEqual({ web1: both, web2: both });
  expect(await shop.configure(files)).toMatchObject({ changed: false });
  expect(shop.haproxy.text.split('backend shop_test')[1]).not.toContain('-any');
});

test('a member that cannot see its files serves nobody, and does again when it can', async () => {
  down('web1');
  await until(async () => String(await shop.served()) === 'web2');
  expect(await shop.served(12)).toEqual(['web2']);
  down();
  await until(async () => (await shop.served()).length === 2);
});

test('all that cannot at once serve on, without a request lost; the first that can takes over', async () => {
  const answers = await shop.servedWhile(async () => {
    down('web1', 'web2');
    await sleep(3_000);
    expect(await shop.served(12)).toEqual(['web1', 'web2']);
    expect((await shop.states())['shop_live']).toEqual({ web1: both, web2: both });
    down('web1');
    await until(async () => String(await shop.served(12)) === 'web2');
  });
  expect(answers).toEqual(['web1', 'web2']);
});

test('a member that is drained or held is so in the last resort too', async () => {
  expect(await shop.live('drained', ['web1'])).toMatchObject({ changed: true });
  down('web1', 'web2');
  await sleep(2_500);
  expect(await shop.served(12)).toEqual(['web2']);
  expect(await shop.live('drained', ['web2'])).toMatchObject({ changed: false, kept: ['web2'] });
  expect(await shop.live('held', ['web1'])).toMatchObject({ changed: true });
  for (const again of [() => shop.haproxy.reload(), () => shop.haproxy.restart(), () => shop.configure(files)]) {
    await again();
    await until(async () => String(await shop.served(12)) === 'web2');
    expect((await shop.states())['shop_live']).toEqual({ web1: out, web2: both });
  }
  expect(await shop.live('released', ['web1'])).toMatchObject({ changed: true });
  await until(async () => (await shop.served(12)).length === 2);
});

test('a member is put back into service only once it can see its files', async () => {
  await shop.live('held', ['web1']);
  down('web1');
  expect(await shop.live('ready', ['web1'], 2)).toMatchObject({ failed: true, musher_failure: 'balancer-refused' });
  expect((await shop.states())['shop_live']).toEqual({ web1: out, web2: both });
  expect(await shop.served(12)).toEqual(['web2']);
  down();
  expect(await shop.live('ready', ['web1'])).toMatchObject({ changed: true });
});

test('a group that goes over to a storage loses no request, nor does one that goes back', async () => {
  const answers = await shop.servedWhile(async () => {
    expect(await shop.configure()).toMatchObject({ changed: true, actions: ['configured', 'reloaded'] });
    expect(await shop.configure(files)).toMatchObject({ changed: true, actions: ['configured', 'reloaded'] });
  });
  expect(answers).toEqual(['web1', 'web2']);
  expect((await shop.states())['shop_live']).toEqual({ web1: both, web2: both });
});
