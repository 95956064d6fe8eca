import { execa } from 'execa';
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { freePort, PrivateHaproxy } from './private-haproxy.ts';
import { LIVE, ShopBalancer, TEST } from './shop-balancer.ts';

// What undoing a provision does at a balancer that other groups and other operations use meanwhile.
const both = { admin: 'ready', held: false };
const out = { admin: 'maint', held: true };
const SLUG = 'shop--live';

let shop: ShopBalancer;
let first: string;
let second: string;

beforeAll(async () => {
  shop = await ShopBalancer.start();
  await shop.configure();
  [first, second] = await Promise.all([certificate('first'), certificate('second')]);
}, 60_000);

// The group has a shop with HTTPS, in service.
beforeEach(async () => {
  await secure(first);
  await shop.calm();
  expect(keys()).toEqual([]);
});

afterAll(() => shop.stop());

/** Certificate and key, as one PEM text. */
async function certificate(name: string): Promise<string> {
  const file = path.join(shop.haproxy.folder, name);
  await execa('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-keyout', file, '-out', `${file}.crt`]);
  return readFileSync(`${file}.crt`, 'utf8') + readFileSync(file, 'utf8');
}

const environments = (domains = [LIVE]): object[] => [shop.environment('shop', 'live', domains, { tls: true }), shop.environment('shop', 'test', [TEST])];
const secure = (pem: string, options: object = {}) => shop.configure({ environments: environments(), certificates: { [SLUG]: pem }, ...options });
const undo = (id: string) => shop.haproxy.module('restored', { id, settings: shop.settings });
const blog = (options: object = {}) =>
  shop.configure({ group: 'us', servers: shop.addresses(['web3']), environments: [shop.environment('blog', 'live', ['blog.example.net'])], ...options });
const live = (): string => readFileSync(path.join(shop.haproxy.folder, `musher/certificates/${SLUG}.pem`), 'utf8');

/** The operations that keep a private key. */
function keys(): string[] {
  const folders = existsSync(shop.haproxy.undo) ? readdirSync(shop.haproxy.undo) : [];
  const kept = folders.map((name) => path.join(shop.haproxy.undo, name, 'balancer.json')).filter((file) => existsSync(file));
  for (const file of kept) expect(statSync(file).mode & 0o777).toBe(0o600);
  return kept.filter((file) => readFileSync(file, 'utf8').includes('PRIVATE KEY')).map((file) => path.basename(path.dirname(file)));
}

test('HTTPS that a provision took away comes back with its certificate; nothing of it stays kept', async () => {
  const before = shop.haproxy.text;
  expect(await shop.configure({ id: 'group/eu/1' })).toMatchObject({ actions: ['configured', 'reloaded', `removed ${SLUG}.pem`] });
  expect(keys()).toEqual(['group%eu%1']);
  expect(await shop.served(2)).not.toEqual([301]);
  expect(await undo('group/eu/1')).toMatchObject({ changed: true, configured: true });
  expect(shop.haproxy.text).toBe(before);
  expect(live()).toBe(first);
  await execa('haproxy', ['-c', '-f', shop.haproxy.file]);
  expect(await shop.served(2)).toEqual([301]);
  expect(keys()).toEqual([]);
  expect(await undo('group/eu/1')).toMatchObject({ changed: false, configured: true });
});

test('a certificate that was replaced comes back, and a retry keeps what was there before the first try', async () => {
  await secure(second, { id: 'group/eu/2' });
  await secure(second, { id: 'group/eu/2' });
  expect(live()).toBe(second);
  await undo('group/eu/2');
  expect(live()).toBe(first);
});

test('what others did meanwhile stays: holds, and another group', async () => {
  const servers = shop.addresses(['web2']);
  await secure(first, { id: 'group/eu/3', servers, environments: environments([LIVE, 'wide.example.net']) });
  expect((await shop.states())['shop_live']).toEqual({ web2: both });
  await shop.live('held', ['web2']);
  await blog();
  await shop.haproxy.module('ready', { backend: 'blog_live', members: ['web3'] });
  expect(await undo('group/eu/3')).toMatchObject({ changed: true, configured: true });
  // The one that comes back is as it was.
  expect(await shop.states()).toMatchObject({ shop_live: { web1: both, web2: out }, blog_live: { web3: both } });
  expect(await shop.served(2, 'blog.example.net')).toEqual(['web3']);
  expect(await shop.served(2, 'wide.example.net')).toEqual([404]);
  expect(await secure(first)).toMatchObject({ changed: false });
});

test('a group that was not there before goes, and a server that was held comes back held', async () => {
  await shop.live('held', ['web1']);
  await secure(first, { id: 'group/eu/4', servers: shop.addresses(['web2']) });
  await undo('group/eu/4');
  expect((await shop.states())['shop_live']).toEqual({ web1: out, web2: both });
  const wiki = { group: 'asia', servers: shop.addresses(['web3']), environments: [shop.environment('wiki', 'live', ['wiki.example.net'])] };
  await shop.configure({ ...wiki, id: 'group/asia/1' });
  expect(await undo('group/asia/1')).toMatchObject({ configured: true });
  expect(await shop.states()).not.toHaveProperty('wiki_live');
  expect(existsSync(path.join(shop.haproxy.folder, 'musher/groups/asia.json'))).toBe(false);
});

test('an undo and a provision of another group at the same time both hold', async () => {
  await secure(first, { id: 'group/eu/5', environments: environments(['other.example.net']) });
  await Promise.all([undo('group/eu/5'), blog({}), blog({ servers: shop.addresses(['web2', 'web3']) }), shop.live('held', ['web1'])]);
  expect((await shop.states())['shop_live']).toEqual({ web1: out, web2: both });
  expect(await shop.served(2, 'other.example.net')).toEqual([404]);
  await execa('haproxy', ['-c', '-f', shop.haproxy.file]);
  expect(shop.haproxy.text).toContain('backend blog_live');
});

test('no key is kept once the operation has ended, or the group is provisioned again', async () => {
  await secure(second, { id: 'group/eu/6' });
  expect(keys()).toEqual(['group%eu%6']);
  await blog({ id: 'group/us/1' });
  expect(keys()).toEqual(['group%eu%6']);
  await secure(first, { id: 'group/eu/7' });
  expect(keys()).toEqual(['group%eu%7']);
  expect(await shop.haproxy.module('settled', { id: 'group/eu/7' })).toMatchObject({ changed: true });
  expect(keys()).toEqual([]);
  expect(await shop.haproxy.module('settled', { id: 'group/eu/7' })).toMatchObject({ changed: false });
  await shop.configure({ id: 'group/eu/8' });
  await shop.haproxy.module('settled', { id: 'group/eu/8' });
  expect(await undo('group/eu/8')).toMatchObject({ failed: true, musher_failure: 'secret-missing' });
  await execa('haproxy', ['-c', '-f', shop.haproxy.file]);
});

test("HAProxy's own configuration comes back when no other group is there", async () => {
  const bare = new PrivateHaproxy(shop.haproxy.port);
  const own = '/etc/haproxy/haproxy.cfg';
  try {
    copyFileSync(own, bare.file);
    // Nothing runs: what matters are the files.
    const words = { settings: { ...shop.settings, http_port: await freePort() }, restart: ['true'] };
    const group = (name: string, domain: string) => ({ ...words, group: name, servers: shop.addresses(), environments: [shop.environment(name, 'live', [domain])] });
    expect(await bare.module('configured', { ...group('eu', LIVE), id: 'a' })).toMatchObject({ actions: ['configured', 'started'] });
    await bare.module('configured', { ...group('us', TEST), id: 'b' });
    expect(await bare.module('restored', { ...words, id: 'b' })).toMatchObject({ changed: true, configured: true });
    expect(await bare.module('restored', { ...words, id: 'a' })).toMatchObject({ changed: true, configured: false });
    expect(bare.text).toBe(readFileSync(own, 'utf8'));
    expect(readdirSync(path.join(bare.folder, 'musher'))).toEqual([]);
    expect(await bare.module('restored', { ...words, id: 'a' })).toMatchObject({ changed: false, configured: false });
  } finally {
    await bare.stop();
  }
});
