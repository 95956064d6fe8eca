import { execa } from 'execa';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect as connectSecurely } from 'node:http2';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { until } from './private-host.ts';
import { freePort, Member, PrivateHaproxy } from './private-haproxy.ts';

const root = path.join(import.meta.dirname, '../..');
const LIVE = 'shop.example.net';
const TEST = 'test.example.net';

let haproxy: PrivateHaproxy;
let members: Member[];
let memberPort: number;
let settings: Record<string, unknown>;

beforeAll(async () => {
  await execa(path.join(root, 'lab/ensure-packages'), ['haproxy', 'openssl']);
  memberPort = await freePort();
  members = await Promise.all(['web1', 'web2', 'web3'].map((name, index) => Member.start(name, `127.0.0.${index + 2}`, memberPort)));
  const defaults = parse(readFileSync(path.join(root, 'playbooks/roles/balancer/defaults/main.yml'), 'utf8')) as { balancer_settings: object };
  const [http, https] = [await freePort(), await freePort()];
  settings = {
    ...defaults.balancer_settings,
    addresses: ['127.0.0.1'],
    http_port: http,
    https_port: https,
    // Quicker than by default, and a client's time shorter than the slow page below.
    check_inter: '300ms',
    check_fastinter: '100ms',
    timeout_client: '1s',
  };
  haproxy = new PrivateHaproxy(http);
  expect(await configure()).toMatchObject({ changed: true, actions: ['configured', 'started'] });
}, 60_000);

afterAll(async () => {
  await haproxy.stop();
  await Promise.all(members.map((member) => member.down()));
});

const environment = (project: string, name: string, domains: string[], more: object = {}) => ({
  slug: `${project}--${name}`,
  backend: `${project}_${name}`,
  domains,
  health: { path: "/health?it's='%d#'", expect: 200, timeout: 5 },
  port: memberPort,
  tls: false,
  drain_timeout: 30,
  ...more,
});
const shop = () => [environment('shop', 'live', [LIVE]), environment('shop', 'test', [TEST])];
const addresses = (names = ['web1', 'web2']) => Object.fromEntries(members.filter(({ name }) => names.includes(name)).map(({ name, address }) => [name, address]));
const configure = (options: object = {}, changes: object = {}) =>
  haproxy.module('configured', { group: 'eu', servers: addresses(), environments: shop(), settings: { ...settings, ...changes }, ...options });
const live = (state: string, names: string[], timeout = 10) => haproxy.module(state, { backend: 'shop_live', members: names, timeout });
const states = async () => ((await haproxy.observe()) as { backends: Record<string, Record<string, unknown>> }).backends;
const served = async (count = 6, host = LIVE) => {
  const answers = await Promise.all(Array.from({ length: count }, () => haproxy.get(host)));
  return [...new Set(answers.map(({ status, body }) => (status === 200 ? body : status)))].sort();
};
/** Asks without a pause while something is done; the different answers. */
const underLoad = async (work: () => Promise<unknown>) => {
  const found = new Set<unknown>();
  let working = true;
  const load = (async () => {
    while (working) found.add(await haproxy.get(LIVE).then(({ status, body }) => (status === 200 ? body : status), String));
  })();
  await work().finally(() => (working = false));
  await load;
  return [...found].sort();
};
const both = { admin: 'ready', held: false };

describe('a new configuration', () => {
  test('holds its servers until somebody admits them, healthy as they are', async () => {
    await sleep(1_000);
    expect(await served(2)).toEqual([503]);
    expect(await states()).toEqual({
      shop_live: { web1: { admin: 'maint', held: true }, web2: { admin: 'maint', held: true } },
      shop_test: { web1: { admin: 'maint', held: true }, web2: { admin: 'maint', held: true } },
    });
  });

  test('sends a host name that nobody has to nobody', async () => {
    const { status, body, headers } = await haproxy.get('other.example.net');
    expect({ status, body, type: headers['content-type'] }).toEqual({ status: 404, body: 'No site of this name is served here.\n', type: 'text/plain' });
  });

  test('changes nothing when asked for again', async () => {
    expect(await configure()).toMatchObject({ changed: false, actions: [] });
  });

  test('admits no member that fails its check, and says why', async () => {
    members[0]!.healthy = false;
    const result = await live('ready', ['web1', 'web2'], 2);
    expect(result).toMatchObject({ failed: true, musher_failure: 'balancer-refused' });
    expect(result['msg']).toMatch(/shop_live within 2 s: web1: L7STS 500 Layer7 wrong status/);
    members[0]!.healthy = true;
    expect((await states())['shop_live']).toEqual({ web1: { admin: 'maint', held: true }, web2: { admin: 'maint', held: true } });
    expect(members[0]!.requests).toEqual([]);
  });

  test('admits those that pass it, for one environment alone', async () => {
    const before = members.map(({ checks }) => checks);
    let askedBeforeCheck = false;
    members[0]!.answer = (_asked, reply) => {
      askedBeforeCheck ||= members[0]!.checks < before[0]! + 2;
      reply.end('web1');
    };
    await underLoad(async () => expect(await live('ready', ['web1', 'web2'])).toMatchObject({ changed: true }));
    expect(await served()).toEqual(['web1', 'web2']);
    expect(askedBeforeCheck).toBe(false);
    expect(await served(2, TEST)).toEqual([503]);
    expect(await live('ready', ['web1', 'web2'])).toMatchObject({ changed: false });
    expect(await configure()).toMatchObject({ changed: false });
  });
});

describe('with both members in service', () => {
  beforeEach(async () => {
    for (const member of members) {
      member.requests.length = 0;
      member.healthy = true;
      member.answer = (_asked, reply) => void reply.end(member.name);
    }
    expect(await live('ready', ['web1', 'web2'])).not.toHaveProperty('failed');
  });

  test('a drain waits for a request of 3 s, which is answered, while new ones go elsewhere', async () => {
    // Whichever of the two has it.
    const slow = haproxy.get(LIVE, '/?sleep=3000');
    await until(() => members.some(({ requests }) => requests.length > 0));
    const name = members.find(({ requests }) => requests.length > 0)!.name;
    const began = Date.now();
    let answered = false;
    void slow.then(() => (answered = true));
    const draining = live('drained', [name]);
    await until(async () => ((await states())['shop_live']![name] as { admin: string }).admin === 'drain');
    expect(answered).toBe(false);
    expect(await served()).toEqual([name === 'web1' ? 'web2' : 'web1']);
    expect(await draining).toMatchObject({ changed: true, kept: [] });
    expect(answered).toBe(true);
    expect(Date.now() - began).toBeGreaterThan(1_500);
    expect(await slow).toMatchObject({ status: 200, body: name });
    expect((await states())['shop_test']![name]).toEqual({ admin: 'maint', held: true });
  });

  test('a drain that takes too long is taken back', async () => {
    const slow = [haproxy.get(LIVE, '/?sleep=4000'), haproxy.get(LIVE, '/?sleep=4000')];
    await until(() => members.filter(({ requests }) => requests.length > 0).length === 2);
    expect(await live('drained', ['web1'], 0.5)).toMatchObject({
      musher_failure: 'drain-timed-out',
      msg: 'web1 still has 1 of the requests to shop_live after 0.5 s',
    });
    expect((await states())['shop_live']).toEqual({ web1: both, web2: both });
    for (const answer of slow) expect(await answer).toMatchObject({ status: 200 });
  });

  test('the last ones that are up are not drained', async () => {
    expect(await live('drained', ['web1', 'web2'])).toMatchObject({ changed: false, kept: ['web1', 'web2'] });
    expect(await served()).toEqual(['web1', 'web2']);
  });

  test('a reload loses no request and keeps a drain; a drain sees what older workers still do; a restart keeps none', async () => {
    const slow = haproxy.get(LIVE, '/?sleep=3000');
    await until(() => members.some(({ requests }) => requests.length > 0));
    const busy = members.find(({ requests }) => requests.length > 0)!.name;
    let answered = false;
    void slow.then(() => (answered = true));
    await haproxy.reload();
    expect(await live('drained', [busy])).toMatchObject({ changed: true });
    expect(answered).toBe(true);
    expect(await slow).toMatchObject({ status: 200, body: busy });
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    const answers = await underLoad(async () => {
      for (let round = 0; round < 3; round += 1) {
        await haproxy.get(LIVE, '/', { agent: kept });
        await haproxy.reload();
        // On a connection that has been idle since before the reload.
        expect(await haproxy.get(LIVE, '/', { method: 'POST', agent: kept })).toMatchObject({ status: 200, headers: { connection: 'close' } });
      }
    });
    kept.destroy();
    expect(answers).toEqual([busy === 'web1' ? 'web2' : 'web1']);
    expect((await states())['shop_live']![busy]).toEqual({ admin: 'drain', held: false });
    await haproxy.restart();
    expect((await states())['shop_live']![busy]).toEqual(both);
  });

  test('one that is held stays out over reloads and restarts, healthy as it is, until it is released', async () => {
    expect(await live('held', ['web1'])).toMatchObject({ changed: true });
    expect(await live('held', ['web1'])).toMatchObject({ changed: false });
    for (const again of [() => haproxy.reload(), () => haproxy.restart(), configure]) {
      await again();
      expect((await states())['shop_live']).toEqual({ web1: { admin: 'maint', held: true }, web2: both });
      expect(await served()).toEqual(['web2']);
    }
    members[0]!.healthy = false;
    expect(await live('released', ['web1'])).toMatchObject({ changed: true });
    expect((await states())['shop_live']).toEqual({ web1: both, web2: both });
    await sleep(1_000);
    expect(await served()).toEqual(['web2']);
    members[0]!.healthy = true;
    await until(async () => (await served()).length === 2);
    // What the configuration says now and what it said when it was loaded are brought together without a change of state.
    await haproxy.reload();
    expect(await served()).toEqual(['web1', 'web2']);
  });

  test('what HAProxy refuses leaves the old configuration in force, byte for byte', async () => {
    const before = haproxy.text;
    const refused = await configure({}, { balance: 'nonsense' });
    expect(refused).toMatchObject({ failed: true, musher_failure: 'balancer-refused' });
    expect(refused['msg']).toMatch(/balance only supports/);
    expect(haproxy.text).toBe(before);
    expect(await configure()).toMatchObject({ changed: false });
  });

  test('a port that another program has is found out before a connection is refused', async () => {
    const before = haproxy.text;
    const taken = createServer().listen(0, '127.0.0.1');
    await until(() => taken.listening);
    const { port } = taken.address() as AddressInfo;
    const answers = await underLoad(async () => {
      expect(await configure({}, { http_port: port })).toMatchObject({ failed: true, msg: `HAProxy cannot listen on 127.0.0.1:${port}: Address already in use` });
    });
    expect(answers).toEqual(['web1', 'web2']);
    expect(haproxy.text).toBe(before);
    taken.close();
  });

  test('what HAProxy approves of and then cannot run is taken back', async () => {
    const before = haproxy.text;
    const taken = createServer().listen(haproxy.port, '127.0.0.8');
    await until(() => taken.listening);
    expect(await configure({}, { addresses: ['127.0.0.1', '127.0.0.8'] })).toMatchObject({ failed: true, musher_failure: 'balancer-refused' });
    expect(haproxy.text).toBe(before);
    expect(await served()).toEqual(['web1', 'web2']);
    taken.close();
    expect(await configure()).toMatchObject({ changed: false });
    expect((await states())['shop_live']).toEqual({ web1: both, web2: both });
  });

  test.each([
    ['domain', { domains: ['a.example.net if TRUE\n  bind :1'] }],
    ['path', { health: { path: '/ HTTP/1.0\r\nX: y', expect: 200, timeout: 5 } }],
    ['backend', { backend: 'shop_live\n' }],
  ])('a %s that is none gets into no configuration', async (what, change) => {
    const before = haproxy.text;
    const refused = await configure({ environments: [environment('shop', 'live', [LIVE], change)] });
    expect(refused['msg']).toContain(`cannot be the ${what}`);
    expect(haproxy.text).toBe(before);
  });

  test("a second group's configuration leaves the first one's in service, and may not take its domains", async () => {
    const blog = { group: 'us', servers: addresses(['web3']), environments: [environment('blog', 'live', ['blog.example.net'])] };
    expect(await configure({ ...blog, environments: [environment('blog', 'live', [LIVE])] })).toMatchObject({ musher_failure: 'balancer-refused' });
    expect(await configure(blog)).toMatchObject({ changed: true, actions: ['configured', 'reloaded'] });
    await haproxy.module('ready', { backend: 'blog_live', members: ['web3'] });
    expect(await served(2, 'BLOG.example.net:80')).toEqual(['web3']);
    expect(await served()).toEqual(['web1', 'web2']);
    expect(await configure()).toMatchObject({ changed: false });
    expect(await configure(blog)).toMatchObject({ changed: false });
  });

  test("a member's new port is in force at once, whatever the runtime state said", async () => {
    const moved = await freePort();
    const third = await Member.start('moved', '127.0.0.9', moved);
    const move = (port: number) => configure({ group: 'asia', servers: { web9: '127.0.0.9' }, environments: [environment('wiki', 'live', ['wiki.example.net'], { port })] });
    await move(memberPort);
    expect(await haproxy.module('ready', { backend: 'wiki_live', members: ['web9'], timeout: 1 })).toMatchObject({ failed: true });
    await move(moved);
    expect(await haproxy.module('ready', { backend: 'wiki_live', members: ['web9'] })).toMatchObject({ changed: true });
    expect(await served(2, 'wiki.example.net')).toEqual(['moved']);
    await third.down();
  });

  test('a POST that a member has seen is sent to no other; a GET that was not answered is', async () => {
    for (const member of members) member.answer = (asked) => void asked.socket.destroy();
    expect((await haproxy.get(LIVE, '/buy', { method: 'POST' })).status).toBe(502);
    expect(members.flatMap(({ requests }) => requests)).toHaveLength(1);
    members[1]!.answer = (_asked, reply) => void reply.end('web2');
    const answers = await Promise.all(Array.from({ length: 8 }, () => haproxy.get(LIVE)));
    expect(answers.every(({ status, body }) => status === 200 && body === 'web2')).toBe(true);
    expect(members[0]!.requests.length).toBeGreaterThan(1);
  });

  test('a member that is suddenly gone costs no request, not even a POST', async () => {
    await members[0]!.down();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => haproxy.get(LIVE, '/', { method: index % 2 ? 'POST' : 'GET' })));
    await members[0]!.up(memberPort);
    expect(new Set(answers.map(({ status, body }) => `${status} ${body}`))).toEqual(new Set(['200 web2']));
  });

  test("a page that takes longer than the client's time is not cut", async () => {
    expect(await haproxy.get(LIVE, '/?sleep=2500')).toMatchObject({ status: 200 });
  });

  test('members hear from the balancer alone who asked, and how', async () => {
    await haproxy.get(LIVE, '/', { headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '6.6.6.6', 'x-forwarded-host': 'evil', forwarded: 'for=6.6.6.6' } });
    const { headers } = members.flatMap(({ requests }) => requests)[0]!;
    expect(headers).toMatchObject({ 'host': LIVE, 'x-forwarded-proto': 'http', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-port': String(settings['http_port']) });
    expect(headers).not.toHaveProperty('x-forwarded-host');
    expect(headers).not.toHaveProperty('forwarded');
  });

  test('with a certificate: HTTPS, a redirect for that site alone, and a private key that only root reads', async () => {
    const pem = path.join(haproxy.folder, 'made.pem');
    await execa('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${LIVE}`, '-keyout', pem, '-out', `${pem}.crt`]);
    writeFileSync(pem, readFileSync(`${pem}.crt`, 'utf8') + readFileSync(pem, 'utf8'));
    const secure = { environments: [environment('shop', 'live', [LIVE], { tls: true }), shop()[1]], certificates: { 'shop--live': readFileSync(pem, 'utf8') } };
    expect(await configure({ ...secure, certificates: { 'shop--live': 'no certificate' } })).toMatchObject({ musher_failure: 'balancer-refused' });
    expect(await served()).toEqual(['web1', 'web2']);
    expect(await configure(secure)).toMatchObject({ changed: true });
    expect(await configure(secure)).toMatchObject({ changed: false });
    const kept = path.join(haproxy.folder, 'musher/certificates/shop--live.pem');
    expect([statSync(kept).mode & 0o777, statSync(path.dirname(kept)).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(await haproxy.get(LIVE, '/a?b')).toMatchObject({ status: 301, headers: { location: `https://${LIVE}/a?b` } });
    expect((await haproxy.get(TEST)).status).toBe(503);
    const session = connectSecurely(`https://127.0.0.1:${settings['https_port']}`, { ca: readFileSync(`${pem}.crt`), servername: LIVE });
    const stream = session.request({ ':path': '/', ':authority': LIVE });
    expect(await new Promise((done) => stream.on('response', done))).toMatchObject({ ':status': 200 });
    session.destroy();
    expect(members.flatMap(({ requests }) => requests).map(({ headers }) => headers['x-forwarded-proto'])).toContain('https');
    expect(await configure()).toMatchObject({ changed: true, actions: ['configured', 'reloaded', 'removed shop--live.pem'] });
    expect(await served()).toEqual(['web1', 'web2']);
  });

  test('where somebody else wrote the configuration it is left alone', async () => {
    const other = new PrivateHaproxy(haproxy.port);
    writeFileSync(other.file, 'global\n  maxconn 10\n');
    const refused = await other.module('configured', { group: 'eu', servers: addresses(), environments: shop(), settings });
    expect(refused).toMatchObject({ musher_failure: 'balancer-refused' });
    expect(other.text).toBe('global\n  maxconn 10\n');
    expect(await other.observe()).toBeNull();
    expect(await other.module('drained', { backend: 'shop_live', members: ['web1'] })).toMatchObject({ failed: true });
    await other.stop();
  });
});
