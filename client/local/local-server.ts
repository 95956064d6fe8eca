import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { SearchAttribute } from '../../contract/names.ts';
import { capLog } from './log-file.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { temporalCommand } from './python-environment.ts';
import { type Command, plainEnvironment, startDetached } from './start-detached.ts';
import type { StateFolder } from './state-folder.ts';

export const LOOPBACK = '127.0.0.1';
export const NAMESPACE = 'musher';
const RETENTION_DAYS = 90;
const KEYWORD = 2;
const ALREADY_EXISTS = 6;

/** Starts the Temporal CLI's server on its database file, bound to loopback. */
export function startServer(folder: StateFolder, ports: { server: number; web: number }): ProcessIdentity {
  const { file, args, env } = serverCommand(folder, ports);
  return startDetached(file, args, { log: folder.serverLog, cwd: folder.path, env, umask: 0o077 });
}

/** What runs the server. */
export function serverCommand(folder: StateFolder, ports: { server: number; web: number }): Command {
  capLog(folder.serverLog);
  const bindings = ['--ip', LOOPBACK, '--port', String(ports.server), '--ui-port', String(ports.web), '--ui-disable-news-fetch'];
  return { file: temporalCommand(folder.path), args: ['server', 'start-dev', '--db-filename', folder.database, '--log-level', 'warn', ...bindings], env: plainEnvironment() };
}

/** Makes the namespace, whose history is kept for 90 days, and its search attributes; leaves what is there. */
export async function setUpNamespace(connection: Connection): Promise<void> {
  await unlessThere(
    connection.workflowService.registerNamespace({
      namespace: NAMESPACE,
      description: 'Operations of Musher',
      workflowExecutionRetentionPeriod: { seconds: (RETENTION_DAYS * 24 * 3600) as never },
    }),
  );
  const searchAttributes = Object.fromEntries(Object.values(SearchAttribute).map((name) => [name, KEYWORD]));
  // A namespace just made is not at once known to every part of the server.
  for (const until = Date.now() + 30_000; ; await sleep(100)) {
    try {
      return await unlessThere(connection.operatorService.addSearchAttributes({ namespace: NAMESPACE, searchAttributes }));
    } catch (error) {
      if (Date.now() > until) throw error;
    }
  }
}

async function unlessThere(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if ((error as { code?: number }).code !== ALREADY_EXISTS) throw error;
  }
}

/**
 * The ports used last if they are free, else free ones of the system's choice. A server just killed may hold its
 * ports a little longer than it is seen alive; and who follows an operation knows the server by them.
 */
export async function freePorts(wanted?: { server: number; web: number }, patienceMs = 3_000): Promise<{ server: number; web: number }> {
  const until = Date.now() + patienceMs;
  const choose = async (port: number | undefined): Promise<number> => {
    for (; port !== undefined && Date.now() < until; await sleep(50)) if ((await freePort(port)) === port) return port;
    return (await freePort(0))!;
  };
  return { server: await choose(wanted?.server), web: await choose(wanted?.web) };
}

const freePort = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, LOOPBACK, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
