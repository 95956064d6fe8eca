import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { runModule, type ModuleResult } from './run-module.ts';

let server: Server;

/** Serves the statuses one after another, the last for ever; gives the port. */
async function serve(...statuses: number[]): Promise<{ port: number; seen: string[] }> {
  const seen: string[] = [];
  server = createServer((asked, answer) => {
    seen.push(`${asked.headers.host} ${asked.url} ${String(asked.headers['x-forwarded-proto'] ?? '')}`.trim());
    answer.statusCode = (statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 200;
    answer.end('first line\nsecond line');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, seen };
}
afterEach(() => new Promise((resolve) => server.close(resolve)));

const check = (port: number, more: object = {}): Promise<ModuleResult> => runModule('musher_health', { port, host: 'shop.example.net', path: '/up', timeout: 5, ...more });

test('asks with the host name of the site, as often as warming takes', async () => {
  const { port, seen } = await serve(200);
  expect(await check(port, { warm: 2, https: true })).toMatchObject({ changed: false, status: 200 });
  expect(seen).toEqual(Array(3).fill('shop.example.net /up https'));
});

test('says what was asked and what came back', async () => {
  const { port } = await serve(500);
  expect(await check(port)).toMatchObject({
    failed: true,
    musher_failure: 'health-check-failed',
    msg: `GET http://127.0.0.1:${port}/up (Host: shop.example.net) answered 500, not 200: first line`,
  });
});

test('waits for a web server that is still starting', async () => {
  const { port } = await serve(503, 502, 200);
  expect(await check(port)).toMatchObject({ status: 200 });
});

test('an answer with another status than the expected one may be the good one', async () => {
  const { port } = await serve(302);
  expect(await check(port, { expect: 302 })).toMatchObject({ status: 302 });
});

test('gives up when nobody answers', async () => {
  const { port } = await serve(200);
  await new Promise((resolve) => server.close(resolve));
  expect(await check(port, { timeout: 1 })).toMatchObject({ musher_failure: 'health-check-failed', msg: expect.stringContaining('gave no answer') as string });
  await serve(200);
});
