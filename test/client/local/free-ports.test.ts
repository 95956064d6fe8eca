import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { freePorts } from '../../../client/local/local-server.ts';

const hold = (port: number): Promise<Server> => new Promise((resolve) => {
  const server = createServer().listen(port, '127.0.0.1', () => resolve(server));
});

test('ports chosen once are kept, and are two', async () => {
  const ports = await freePorts();
  expect(ports.server).not.toBe(ports.web);
  expect(await freePorts(ports)).toEqual(ports);
});

test('a port that its last holder has not let go of yet is waited for', async () => {
  const ports = await freePorts();
  const last = await hold(ports.server);
  const chosen = freePorts(ports);
  await sleep(300);
  last.close();
  expect(await chosen).toEqual(ports);
});

test('a port that somebody else keeps is given up, the other is not', async () => {
  const ports = await freePorts();
  const other = await hold(ports.web);
  const chosen = await freePorts(ports, 300);
  expect(chosen.server).toBe(ports.server);
  expect(chosen.web).not.toBe(ports.web);
  other.close();
});
