import { execa } from 'execa';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectSecurely } from 'node:http2';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { LIVE, ShopBalancer, TEST } from './shop-balancer.ts';

// What becomes of a request between a client and the members.

let shop: ShopBalancer;

beforeAll(async () => {
  shop = await ShopBalancer.start();
  expect(await shop.configure()).toMatchObject({ changed: true, actions: ['configured', 'started'] });
}, 60_000);

afterAll(() => shop.stop());

beforeEach(() => shop.calm());

test('sends a host name that nobody has to nobody', async () => {
  const { status, body, headers } = await shop.haproxy.get('other.example.net');
  expect({ status, body, type: headers['content-type'] }).toEqual({ status: 404, body: 'No site of this name is served here.\n', type: 'text/plain' });
});

test('knows a site by its name, whatever its case and with a port', async () => {
  for (const host of [LIVE.toUpperCase(), `${LIVE}:8080`]) expect((await shop.haproxy.get(host)).status).toBe(200);
});

test('a POST that a member has seen is sent to no other; a GET that was not answered is', async () => {
  for (const member of shop.members) member.answer = (asked) => void asked.socket.destroy();
  expect((await shop.haproxy.get(LIVE, '/buy', { method: 'POST' })).status).toBe(502);
  expect(shop.members.flatMap(({ requests }) => requests)).toHaveLength(1);
  shop.members[1]!.answer = (_asked, reply) => void reply.end('web2');
  const answers = await Promise.all(Array.from({ length: 8 }, () => shop.haproxy.get(LIVE)));
  expect(answers.every(({ status, body }) => status === 200 && body === 'web2')).toBe(true);
  expect(shop.members[0]!.requests.length).toBeGreaterThan(1);
});

test('a member that is suddenly gone costs no request, not even a POST', async () => {
  await shop.members[0]!.down();
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => shop.haproxy.get(LIVE, '/', { method: index % 2 ? 'POST' : 'GET' })));
  await shop.members[0]!.up(shop.memberPort);
  expect(new Set(answers.map(({ status, body }) => `${status} ${body}`))).toEqual(new Set(['200 web2']));
});

test("a page that takes longer than the client's time is not cut", async () => {
  expect(await shop.haproxy.get(LIVE, '/?sleep=2500')).toMatchObject({ status: 200 });
});

test('a member that is thinking is asked for a sign of life: one whose power was cut does not keep its requests for minutes', async () => {
  const asked = shop.haproxy.get(LIVE, '/?sleep=900');
  await expect.poll(() => shop.members.flatMap(({ requests }) => requests).length).toBe(1);
  const { stdout } = await execa('ss', ['--tcp', '--numeric', '--options', '--no-header', 'state', 'established', `( dport = :${shop.memberPort} )`]);
  // Of two hours, which is the kernel's own choice, it says `119min`; of seconds `9.952ms`.
  expect(stdout).toMatch(/timer:\(keepalive,(?:9\.\d+ms|10sec)/);
  expect(await asked).toMatchObject({ status: 200 });
});

test('members hear from the balancer alone who asked, and how', async () => {
  await shop.haproxy.get(LIVE, '/', { headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '6.6.6.6', 'x-forwarded-host': 'evil', forwarded: 'for=6.6.6.6' } });
  const { headers } = shop.members.flatMap(({ requests }) => requests)[0]!;
  expect(headers).toMatchObject({ 'host': LIVE, 'x-forwarded-proto': 'http', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-port': String(shop.settings['http_port']) });
  expect(headers).not.toHaveProperty('x-forwarded-host');
  expect(headers).not.toHaveProperty('forwarded');
});

test('with a certificate: HTTPS, a redirect for that site alone, and a private key that only root reads', async () => {
  const pem = path.join(shop.haproxy.folder, 'made.pem');
  await execa('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${LIVE}`, '-keyout', pem, '-out', `${pem}.crt`]);
  writeFileSync(pem, readFileSync(`${pem}.crt`, 'utf8') + readFileSync(pem, 'utf8'));
  const secure = { environments: [shop.environment('shop', 'live', [LIVE], { tls: true }), shop.environments[1]], certificates: { 'shop--live': readFileSync(pem, 'utf8') } };
  expect(await shop.configure({ ...secure, certificates: { 'shop--live': 'no certificate' } })).toMatchObject({ musher_failure: 'balancer-refused' });
  expect(await shop.served()).toEqual(['web1', 'web2']);
  expect(await shop.configure(secure)).toMatchObject({ changed: true });
  expect(await shop.configure(secure)).toMatchObject({ changed: false });
  const kept = path.join(shop.haproxy.folder, 'musher/certificates/shop--live.pem');
  expect([statSync(kept).mode & 0o777, statSync(path.dirname(kept)).mode & 0o777]).toEqual([0o600, 0o700]);
  expect(await shop.haproxy.get(LIVE, '/a?b')).toMatchObject({ status: 301, headers: { location: `https://${LIVE}/a?b` } });
  expect((await shop.haproxy.get(TEST)).status).toBe(503);
  const session = connectSecurely(`https://127.0.0.1:${String(shop.settings['https_port'])}`, { ca: readFileSync(`${pem}.crt`), servername: LIVE });
  const stream = session.request({ ':path': '/', ':authority': LIVE });
  expect(await new Promise((done) => stream.on('response', done))).toMatchObject({ ':status': 200 });
  session.destroy();
  expect(shop.members.flatMap(({ requests }) => requests).map(({ headers }) => headers['x-forwarded-proto'])).toContain('https');
  expect(await shop.configure()).toMatchObject({ changed: true, actions: ['configured', 'reloaded', 'removed shop--live.pem'] });
  expect(await shop.served()).toEqual(['web1', 'web2']);
});
