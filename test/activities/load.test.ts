import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { startLoad, type LoadOptions, type LoadReport } from '../../lab/load/load.ts';
import { turn } from '../../lab/load/mix.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: Record<string, unknown>) => void;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A site that answers as our pages do, unless `misbehave` has answered already; returns its port and what it was asked. */
async function site(
  misbehave: Handler = () => {},
): Promise<{ port: number; asked: { url: string; host: string; sockets: Set<unknown> }[] }> {
  const asked: { url: string; host: string; sockets: Set<unknown> }[] = [];
  const sockets = new Set<unknown>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const posted = await text(request);
    sockets.add(request.socket);
    asked.push({ url: request.url ?? '', host: request.headers.host ?? '', sockets });
    const page = { '/load.php': 'plain', '/echo.php': 'post', '/slow.php': 'slow' }[new URL(request.url ?? '', 'http://x').pathname];
    const environment = { 'live.example': 'wiki/live', 'test.example': 'wiki/test' }[request.headers.host ?? ''];
    const checksum = createHash('sha256').update(posted).digest('hex');
    const body: Record<string, unknown> = {
      page,
      environment,
      member: 'web1',
      release: 'r1',
      version: '1',
      shared: 'shared text',
      checksum,
    };
    misbehave(request, response, body);
    if (!response.writableEnded && !request.socket.destroyed) response.end(JSON.stringify(body));
  };
  // A request that was cut off while it was read has nobody to answer to.
  const server = createServer((request, response) => void answer(request, response).catch(() => {}));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, asked };
}

const load = (port: number, more: Partial<LoadOptions> = {}): Promise<LoadReport> =>
  startLoad({
    target: { address: '127.0.0.1', port },
    environments: [{ host: 'live.example', name: 'wiki/live' }],
    concurrency: 4,
    maxRequests: 200,
    maxSeconds: 20,
    timeoutMs: 2000,
    slowSeconds: 0,
    ...more,
  }).finished;

/** Misbehaves for each n-th request of a page, in order of arrival. */
const eachNth = (n: number, path: string, handler: Handler): Handler => {
  let count = 0;
  return (request, response, body) => {
    if (request.url?.startsWith(path) && ++count % n === 0) handler(request, response, body);
  };
};

test('a load of a healthy site fails nothing, and its mix is a tenth POSTs and a fiftieth slow pages, over two environments', async () => {
  const { port, asked } = await site();
  const environments = [
    { host: 'live.example', name: 'wiki/live', shared: 'shared text' },
    { host: 'test.example', name: 'wiki/test' },
  ];
  const report = await load(port, { environments, maxRequests: 1000 });
  expect(report).toMatchObject({ requests: 1000, failed: 0, fresh: 500, failures: [], failedByKind: {} });
  expect(report.byPage).toMatchObject({ plain: { requests: 880 }, post: { requests: 100 }, slow: { requests: 20 } });
  expect(report.byEnvironment).toEqual({ 'wiki/live': 500, 'wiki/test': 500 });
  expect(report.byMember).toEqual({ web1: 1000 });
  expect(report.seen).toHaveLength(2);
  expect(report.byPage.plain.latencyMs.max).toBeGreaterThan(0);
  expect(asked).toHaveLength(1000);
  // Five hundred connections for the fresh half; the kept half shares a few.
  expect(asked[0]?.sockets.size).toBeGreaterThanOrEqual(500);
  expect(asked[0]?.sockets.size).toBeLessThan(600);
});

test('half of the requests of each page have a connection of their own', () => {
  const turns = Array.from({ length: 10_000 }, (_, n) => turn(n, 2));
  for (const page of ['plain', 'post', 'slow'] as const) {
    const of = turns.filter((one) => one.page === page);
    expect(of.filter(({ connection }) => connection === 'fresh')).toHaveLength(of.length / 2);
    expect(of.filter(({ environment }) => environment === 0)).toHaveLength(of.length / 2);
  }
});

const misbehaviours: { name: string; kinds: string[]; every: number; path: string; handler: Handler; detail: RegExp }[] = [
  {
    name: 'a reset',
    kinds: ['reset', 'reset-kept'],
    every: 10,
    path: '/load.php',
    handler: (request) => request.socket.resetAndDestroy(),
    detail: /ECONNRESET/,
  },
  {
    name: 'a close without an answer',
    kinds: ['reset', 'reset-kept'],
    every: 5,
    path: '/echo.php',
    handler: (request) => request.socket.destroy(),
    detail: /socket hang up/,
  },
  {
    name: 'an answer cut off in the middle',
    kinds: ['reset'],
    every: 10,
    path: '/load.php',
    handler: (request, response) => {
      response.writeHead(200, { 'content-length': 500 }).write('{"page":');
      setTimeout(() => request.socket.destroy(), 20);
      response.end = () => response;
    },
    detail: /aborted/,
  },
  {
    name: 'a 503',
    kinds: ['status'],
    every: 10,
    path: '/load.php',
    handler: (_, response) => response.writeHead(503).end('No server is available'),
    detail: /^status 503: No server/,
  },
  {
    name: 'a page that is not ours',
    kinds: ['body'],
    every: 10,
    path: '/load.php',
    handler: (_, response) => response.end('<html>'),
    detail: /^not JSON: <html>/,
  },
  {
    name: "another environment's page",
    kinds: ['body'],
    every: 10,
    path: '/load.php',
    handler: (_, __, body) => (body['environment'] = 'wiki/test'),
    detail: /^wiki\/live was asked for/,
  },
  {
    name: 'a shared file that changed',
    kinds: ['body'],
    every: 10,
    path: '/load.php',
    handler: (_, __, body) => (body['shared'] = 'seed of another release'),
    detail: /^the shared file said shared text/,
  },
  {
    name: 'an unreadable shared file',
    kinds: ['body'],
    every: 10,
    path: '/load.php',
    handler: (_, __, body) => (body['shared'] = ''),
    detail: /^no shared/,
  },
  {
    name: 'a release that answers with the files of another',
    kinds: ['body'],
    every: 10,
    path: '/load.php',
    handler: (_, __, body) => (body['version'] = '2'),
    detail: /^release r1 says version 2, it said 1 before/,
  },
  {
    name: 'a POST that lost its body',
    kinds: ['body'],
    every: 5,
    path: '/echo.php',
    handler: (_, __, body) => (body['checksum'] = createHash('sha256').digest('hex')),
    detail: /^another checksum/,
  },
  {
    name: 'no answer in time',
    kinds: ['timeout'],
    every: 40,
    path: '/load.php',
    handler: (_, response) => void (response.end = () => response),
    detail: /no whole answer within 2000 ms/,
  },
];

test.each(misbehaviours)('$name is counted, each time', async ({ kinds, every, path, handler, detail }) => {
  const { port, asked } = await site(eachNth(every, path, handler));
  const report = await load(port);
  const expected = Math.floor(asked.filter(({ url }) => url.startsWith(path)).length / every);
  expect(expected).toBeGreaterThan(0);
  expect(report).toMatchObject({ requests: 200, failed: expected });
  // Sent once each: nothing was tried again.
  expect(asked).toHaveLength(200);
  expect(Object.keys(report.failedByKind).filter((kind) => !kinds.includes(kind))).toEqual([]);
  expect(report.failures).toHaveLength(Math.min(20, expected));
  for (const failure of report.failures) expect(failure.detail).toMatch(detail);
});

test('a slow page is waited for, on a connection of its own and on a kept one', async () => {
  const { port } = await site((request, response) => {
    const end = response.end.bind(response);
    if (request.url?.startsWith('/slow.php')) response.end = ((body: string) => setTimeout(() => end(body), 1500)) as never;
  });
  const report = await load(port, { maxRequests: 100, concurrency: 1 });
  expect(report).toMatchObject({ requests: 100, failed: 0, byPage: { slow: { requests: 2, failed: 0 } } });
});

test('a refused connection fails, and only the first 20 are told in detail', async () => {
  const { port } = await site();
  servers[0]?.close();
  const report = await load(port);
  expect(report).toMatchObject({ requests: 200, failed: 200, failedByKind: { refused: 200 }, byMember: {} });
  expect(report.failures).toHaveLength(20);
});

test('a load stops when it is told to, reports what was in flight, and says which release it saw when', async () => {
  let release = 'r1';
  const { port } = await site((_, __, body) => Object.assign(body, { release, version: release.slice(1) }));
  const running = startLoad({
    target: { address: '127.0.0.1', port },
    environments: [{ host: 'live.example', name: 'wiki/live' }],
    ...{ concurrency: 2, maxRequests: 200_000, maxSeconds: 60, slowSeconds: 0 },
  });
  await running.started;
  release = 'r2';
  await new Promise((resolve) => setTimeout(resolve, 200));
  const report = await running.stop();
  expect(report.failed).toBe(0);
  expect(report.requests).toBeLessThan(200_000);
  expect(report.seen.map((one) => [one.release, one.version])).toEqual([
    ['r1', '1'],
    ['r2', '2'],
  ]);
  expect(report.seen[0]!.last).toBeLessThanOrEqual(report.seen[1]!.last);
  expect(await running.stop()).toEqual(report);
});

test('a load that is told to stop sends first what it has to send at least', async () => {
  const { port } = await site();
  const options = { target: { address: '127.0.0.1', port }, environments: [{ host: 'live.example', name: 'wiki/live' }], concurrency: 2, maxSeconds: 60, slowSeconds: 0 };
  const running = startLoad({ ...options, maxRequests: 200_000, leastRequests: 500 });
  await running.started;
  const { requests } = await running.stop();
  expect(requests).toBeGreaterThanOrEqual(500);
  expect(requests).toBeLessThan(600);
  // Its bounds come first.
  const bounded = startLoad({ ...options, maxRequests: 50, leastRequests: 500 });
  expect(await bounded.stop()).toMatchObject({ requests: 50 });
});

test('a load keeps to its time', async () => {
  const { port } = await site();
  const report = await load(port, { maxRequests: 200_000, maxSeconds: 0.5 });
  expect(report.seconds).toBeGreaterThan(0.4);
  expect(report.seconds).toBeLessThan(2);
});

// Documentation's addresses: nobody answers there, and no route of a lab leads to them.
test.each(['192.0.2.77', '2001:db8::1', 'example.com', '0.0.0.0/0'])(
  'a target outside of a lab is refused before anything is sent: %s',
  async (address) => {
    const refused = startLoad({
      target: { address, port: 80 },
      environments: [{ host: 'live.example', name: 'wiki/live' }],
      ...{ concurrency: 1, maxRequests: 1, maxSeconds: 1 },
    });
    await expect(refused.started).rejects.toThrow('load refused');
    await expect(refused.stop()).rejects.toThrow('load refused');
  },
);

test.each([{ concurrency: 1000 }, { maxRequests: 1e9 }, { maxSeconds: 86_400 }, { concurrency: 0 }, { environments: [] }])(
  'a load beyond its bounds is refused: %o',
  async (more) => {
    await expect(load(9, more)).rejects.toThrow('load refused');
  },
);
