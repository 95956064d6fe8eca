import { writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from './private-host.ts';
import { freePort, Member, PrivateHaproxy } from './private-haproxy.ts';
import { LIVE, ShopBalancer, TEST } from './shop-balancer.ts';

// HAProxy as a process of its own on loopback addresses; what systemd has to do with it is in test/lab. Each part goes on from the one before.
const both = { admin: 'ready', held: false };
const out = { admin: 'maint', held: true };

let shop: ShopBalancer;

beforeAll(async () => {
  shop = await ShopBalancer.start();
  expect(await shop.configure()).toMatchObject({ changed: true, actions: ['configured', 'started'] });
}, 60_000);

afterAll(() => shop.stop());

describe('a new configuration', () => {
  test('holds its servers until somebody admits them, healthy as they are', async () => {
    await sleep(1_000);
    expect(await shop.served(2)).toEqual([503]);
    expect(await shop.states()).toEqual({
      shop_live: { web1: out, web2: out },
      shop_test: { web1: out, web2: out },
    });
  });

  test('changes nothing when asked for again', async () => {
    expect(await shop.configure()).toMatchObject({ changed: false, actions: [] });
  });

  test("tells in Ansible's check mode what it would write, and writes nothing", async () => {
    const before = shop.haproxy.text;
    expect(await shop.configure({ _ansible_check_mode: true }, { balance: 'leastconn' })).toMatchObject({ changed: true, actions: [`write ${shop.haproxy.file}`] });
    expect(await shop.configure({ _ansible_check_mode: true })).toMatchObject({ changed: false });
    expect(shop.haproxy.text).toBe(before);
  });

  test('admits no member that fails its check, and says why', async () => {
    shop.members[0]!.healthy = false;
    const result = await shop.live('ready', ['web1', 'web2'], 2);
    expect(result).toMatchObject({ failed: true, musher_failure: 'balancer-refused' });
    expect(result['msg']).toMatch(/shop_live within 2 s: web1: L7STS 500 Layer7 wrong status/);
    shop.members[0]!.healthy = true;
    expect((await shop.states())['shop_live']).toEqual({ web1: out, web2: out });
    expect(shop.members[0]!.requests).toEqual([]);
  });

  test('of one that it does not reach it says that, which another try may mend', async () => {
    await shop.members[0]!.down();
    const result = await shop.live('ready', ['web1', 'web2'], 2);
    await shop.members[0]!.up(shop.memberPort);
    expect(result).toMatchObject({ failed: true, musher_failure: 'member-unreachable' });
    expect(result['msg']).toMatch(/shop_live within 2 s: web1: (\* )?L4CON/);
    expect((await shop.states())['shop_live']).toEqual({ web1: out, web2: out });
  });

  test('admits those that pass it, for one environment alone', async () => {
    const before = shop.members.map(({ checks }) => checks);
    let askedBeforeCheck = false;
    shop.members[0]!.answer = (_asked, reply) => {
      askedBeforeCheck ||= shop.members[0]!.checks < before[0]! + 2;
      reply.end('web1');
    };
    await shop.servedWhile(async () => expect(await shop.live('ready', ['web1', 'web2'])).toMatchObject({ changed: true }));
    expect(await shop.served()).toEqual(['web1', 'web2']);
    expect(askedBeforeCheck).toBe(false);
    expect(await shop.served(2, TEST)).toEqual([503]);
    expect(await shop.live('ready', ['web1', 'web2'])).toMatchObject({ changed: false });
    expect(await shop.configure()).toMatchObject({ changed: false });
  });
});

describe('with both members in service', () => {
  beforeEach(() => shop.calm());

  test('a drain waits for a request of 3 s, which is answered, while new ones go elsewhere', async () => {
    // Whichever of the two has it.
    const slow = shop.haproxy.get(LIVE, '/?sleep=3000');
    await until(() => shop.members.some(({ requests }) => requests.length > 0));
    const name = shop.members.find(({ requests }) => requests.length > 0)!.name;
    const began = Date.now();
    let answered = false;
    void slow.then(() => (answered = true));
    const draining = shop.live('drained', [name]);
    await until(async () => ((await shop.states())['shop_live']![name] as { admin: string }).admin === 'drain');
    expect(answered).toBe(false);
    expect(await shop.served()).toEqual([name === 'web1' ? 'web2' : 'web1']);
    expect(await draining).toMatchObject({ changed: true, kept: [] });
    expect(answered).toBe(true);
    expect(Date.now() - began).toBeGreaterThan(1_500);
    expect(await slow).toMatchObject({ status: 200, body: name });
    expect((await shop.states())['shop_test']![name]).toEqual(out);
  });

  test('a drain that takes too long is taken back', async () => {
    const slow = [shop.haproxy.get(LIVE, '/?sleep=12000'), shop.haproxy.get(LIVE, '/?sleep=12000')];
    await until(() => shop.members.filter(({ requests }) => requests.length > 0).length === 2);
    expect(await shop.live('drained', ['web1'], 0.5)).toMatchObject({
      musher_failure: 'drain-timed-out',
      msg: 'web1 still has 1 of the requests to shop_live after 0.5 s',
    });
    expect((await shop.states())['shop_live']).toEqual({ web1: both, web2: both });
    for (const answer of slow) expect(await answer).toMatchObject({ status: 200 });
  });

  test('a drain that gives up leaves the members drained, with their requests; a release puts them back', async () => {
    const slow = [shop.haproxy.get(LIVE, '/?sleep=12000'), shop.haproxy.get(LIVE, '/?sleep=12000')];
    await until(() => shop.members.filter(({ requests }) => requests.length > 0).length === 2);
    expect(await shop.live('drained', ['web1'], 0.5, { give_up: true })).toMatchObject({ changed: true, kept: [], hurried: ['web1'] });
    expect((await shop.states())['shop_live']).toEqual({ web1: { admin: 'drain', held: false }, web2: both });
    for (const answer of slow) expect(await answer).toMatchObject({ status: 200 });
    expect(await shop.served()).toEqual(['web2']);
    expect(await shop.live('released', ['web1'])).toMatchObject({ changed: true });
    expect((await shop.states())['shop_live']).toEqual({ web1: both, web2: both });
    await until(async () => (await shop.served()).length === 2);
    expect(await shop.live('released', ['web1'])).toMatchObject({ changed: false });
  });

  test('the last ones that are up are not drained', async () => {
    expect(await shop.live('drained', ['web1', 'web2'])).toMatchObject({ changed: false, kept: ['web1', 'web2'] });
    expect(await shop.served()).toEqual(['web1', 'web2']);
  });

  test('a reload loses no request and keeps a drain; a drain sees what older workers still do; a restart keeps none', async () => {
    const slow = shop.haproxy.get(LIVE, '/?sleep=3000');
    await until(() => shop.members.some(({ requests }) => requests.length > 0));
    const busy = shop.members.find(({ requests }) => requests.length > 0)!.name;
    let answered = false;
    void slow.then(() => (answered = true));
    await shop.haproxy.reload();
    expect(await shop.live('drained', [busy])).toMatchObject({ changed: true });
    expect(answered).toBe(true);
    expect(await slow).toMatchObject({ status: 200, body: busy });
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    const answers = await shop.servedWhile(async () => {
      for (let round = 0; round < 3; round += 1) {
        await shop.haproxy.get(LIVE, '/', { agent: kept });
        await shop.haproxy.reload();
        // On a connection that has been idle since before the reload.
        expect(await shop.haproxy.get(LIVE, '/', { method: 'POST', agent: kept })).toMatchObject({ status: 200, headers: { connection: 'close' } });
      }
    });
    kept.destroy();
    expect(answers).toEqual([busy === 'web1' ? 'web2' : 'web1']);
    expect((await shop.states())['shop_live']![busy]).toEqual({ admin: 'drain', held: false });
    await shop.haproxy.restart();
    expect((await shop.states())['shop_live']![busy]).toEqual(both);
  });

  test('one that is held stays out over reloads and restarts, healthy as it is, until it is released', async () => {
    expect(await shop.live('held', ['web1'])).toMatchObject({ changed: true });
    expect(await shop.live('held', ['web1'])).toMatchObject({ changed: false });
    for (const again of [() => shop.haproxy.reload(), () => shop.haproxy.restart(), () => shop.configure()]) {
      await again();
      expect((await shop.states())['shop_live']).toEqual({ web1: out, web2: both });
      expect(await shop.served()).toEqual(['web2']);
    }
    shop.members[0]!.healthy = false;
    expect(await shop.live('released', ['web1'])).toMatchObject({ changed: true });
    expect((await shop.states())['shop_live']).toEqual({ web1: both, web2: both });
    await sleep(1_000);
    expect(await shop.served()).toEqual(['web2']);
    shop.members[0]!.healthy = true;
    await until(async () => (await shop.served()).length === 2);
    // What the configuration says now and what it said when it was loaded are brought together without a change of state.
    await shop.haproxy.reload();
    expect(await shop.served()).toEqual(['web1', 'web2']);
  });

  test('operations on different environments at the same time undo nothing of each other', async () => {
    const test = (state: string) => shop.haproxy.module(state, { backend: 'shop_test', members: ['web1', 'web2'] });
    const done = { changed: true };
    const first = await Promise.all([shop.live('held', ['web2']), test('ready'), shop.configure({}, { balance: 'leastconn' }), shop.haproxy.reload()]);
    expect(first).toMatchObject([done, done, done, {}]);
    expect(await shop.states()).toEqual({ shop_live: { web1: both, web2: out }, shop_test: { web1: both, web2: both } });
    expect(shop.haproxy.text).toContain('balance leastconn');
    expect(await Promise.all([shop.live('ready', ['web2']), test('held'), shop.configure()])).toMatchObject([done, done, done]);
    expect(await shop.states()).toEqual({ shop_live: { web1: both, web2: both }, shop_test: { web1: out, web2: out } });
  });

  test('what HAProxy refuses leaves the old configuration in force, byte for byte', async () => {
    const before = shop.haproxy.text;
    const refused = await shop.configure({}, { balance: 'nonsense' });
    expect(refused).toMatchObject({ failed: true, musher_failure: 'balancer-refused' });
    expect(refused['msg']).toMatch(/balance only supports/);
    expect(shop.haproxy.text).toBe(before);
    expect(await shop.configure()).toMatchObject({ changed: false });
  });

  test('a port that another program has is found out before a connection is refused', async () => {
    const before = shop.haproxy.text;
    const taken = createServer().listen(0, '127.0.0.1');
    await until(() => taken.listening);
    const { port } = taken.address() as AddressInfo;
    const answers = await shop.servedWhile(async () => {
      expect(await shop.configure({}, { http_port: port })).toMatchObject({ failed: true, msg: `HAProxy cannot listen on 127.0.0.1:${port}: Address already in use` });
    });
    expect(answers).toEqual(['web1', 'web2']);
    expect(shop.haproxy.text).toBe(before);
    taken.close();
  });

  test('what HAProxy approves of and then cannot run is taken back', async () => {
    const before = shop.haproxy.text;
    const taken = createServer().listen(shop.haproxy.port, '127.0.0.8');
    await until(() => taken.listening);
    expect(await shop.configure({}, { addresses: ['127.0.0.1', '127.0.0.8'] })).toMatchObject({ failed: true, musher_failure: 'balancer-refused' });
    expect(shop.haproxy.text).toBe(before);
    expect(await shop.served()).toEqual(['web1', 'web2']);
    taken.close();
    expect(await shop.configure()).toMatchObject({ changed: false });
    expect((await shop.states())['shop_live']).toEqual({ web1: both, web2: both });
  });

  test.each([
    ['domain', { domains: ['a.example.net if TRUE\n  bind :1'] }],
    ['path', { health: { path: '/ HTTP/1.0\r\nX: y', expect: 200, timeout: 5 } }],
    ['backend', { backend: 'shop_live\n' }],
  ])('a %s that is none gets into no configuration', async (what, change) => {
    const before = shop.haproxy.text;
    const refused = await shop.configure({ environments: [shop.environment('shop', 'live', [LIVE], change)] });
    expect(refused['msg']).toContain(`cannot be the ${what}`);
    expect(shop.haproxy.text).toBe(before);
  });

  test("a second group's configuration leaves the first one's in service, and may not take its domains", async () => {
    const blog = { group: 'us', servers: shop.addresses(['web3']), environments: [shop.environment('blog', 'live', ['blog.example.net'])] };
    expect(await shop.configure({ ...blog, environments: [shop.environment('blog', 'live', [LIVE])] })).toMatchObject({ musher_failure: 'balancer-refused' });
    expect(await shop.configure(blog)).toMatchObject({ changed: true, actions: ['configured', 'reloaded'] });
    await shop.haproxy.module('ready', { backend: 'blog_live', members: ['web3'] });
    expect(await shop.served(2, 'BLOG.example.net:80')).toEqual(['web3']);
    expect(await shop.served()).toEqual(['web1', 'web2']);
    expect(await shop.configure()).toMatchObject({ changed: false });
    expect(await shop.configure(blog)).toMatchObject({ changed: false });
  });

  test("a member's new port is in force at once, whatever the runtime state said", async () => {
    const moved = await freePort();
    const third = await Member.start('moved', '127.0.0.9', moved);
    const move = (port: number) => shop.configure({ group: 'asia', servers: { web9: '127.0.0.9' }, environments: [shop.environment('wiki', 'live', ['wiki.example.net'], { port })] });
    await move(shop.memberPort);
    expect(await shop.haproxy.module('ready', { backend: 'wiki_live', members: ['web9'], timeout: 1 })).toMatchObject({ failed: true });
    await move(moved);
    expect(await shop.haproxy.module('ready', { backend: 'wiki_live', members: ['web9'] })).toMatchObject({ changed: true });
    expect(await shop.served(2, 'wiki.example.net')).toEqual(['moved']);
    await third.down();
  });

  test('a server may be called "disabled"', async () => {
    const odd = { group: 'odd', servers: { disabled: '127.0.0.2' }, environments: [shop.environment('odd', 'live', ['odd.example.net'])] };
    expect(await shop.configure(odd)).toMatchObject({ changed: true });
    for (const [state, observed] of [['ready', both], ['held', out], ['released', both]] as const) {
      expect(await shop.haproxy.module(state, { backend: 'odd_live', members: ['disabled'] })).toMatchObject({ changed: true });
      expect((await shop.states())['odd_live']).toEqual({ disabled: observed });
      expect(await shop.configure(odd)).toMatchObject({ changed: false });
    }
  });

  test('an environment may be called "musher/unknown"; what no environment is called is not found', async () => {
    const odd = { group: 'odd', servers: shop.addresses(['web3']), environments: [shop.environment('musher', 'unknown', ['odd.example.net'])] };
    expect(await shop.configure(odd)).toMatchObject({ changed: true });
    await shop.haproxy.module('ready', { backend: 'musher_unknown', members: ['web3'] });
    expect(await shop.served(2, 'odd.example.net')).toEqual(['web3']);
    expect(await shop.served(2, 'nobody.example.net')).toEqual([404]);
  });

  test('where somebody else wrote the configuration it is left alone', async () => {
    const other = new PrivateHaproxy(shop.haproxy.port);
    writeFileSync(other.file, 'global\n  maxconn 10\n');
    const refused = await other.module('configured', { group: 'eu', servers: shop.addresses(), environments: shop.environments, settings: shop.settings });
    expect(refused).toMatchObject({ musher_failure: 'balancer-refused' });
    expect(other.text).toBe('global\n  maxconn 10\n');
    expect(await other.observe()).toBeNull();
    expect(await other.module('drained', { backend: 'shop_live', members: ['web1'] })).toMatchObject({ failed: true });
    await other.stop();
  });
});
