import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answering } from '../connect-to.ts';
import { inputKey } from '../input-key.ts';
import { freePorts, serverCommand, setUpNamespace } from '../local-server.ts';
import { WORKER, workerBuild, workerCommand } from '../local-worker.ts';
import { withLock } from '../lock.ts';
import { end, identify, isAlive, type ProcessIdentity } from '../process-identity.ts';
import { GRACE_SECONDS } from '../service.ts';
import { readRecord, writeRecord, type ServiceRecord } from '../service-record.ts';
import { openStateFolder } from '../state-folder.ts';

// What a unit starts: it prepares, tells the service's record who it is, and becomes the server or the worker. So one unit is good for
// any version and any free port, and its process is the one that the record names.

const PATIENCE_MS = 60_000;
const folder = openStateFolder();
const self = identify(process.pid)!;

try {
  const { file, args, env } = process.argv[2] === 'server' ? await prepareServer() : await prepareWorker();
  process.chdir(folder.path);
  process.execve!(file, [file, ...args], env);
} catch (error) {
  console.error(`musher: ${(error as Error).message}`);
  process.exit(1);
}

async function prepareServer() {
  return alone(async ({ stopped: _, ...record }) => {
    await makeWay(record.server);
    const ports = await freePorts(record.ports);
    // Its namespace is in the database; the worker makes the first one.
    const ready = !!record.server?.ready && existsSync(folder.database);
    writeRecord(folder.service, { ...record, ports, server: { ...self, ready } });
    return serverCommand(folder, ports);
  });
}

async function prepareWorker() {
  const connection = await serverConnection();
  await setUpNamespace(connection);
  await connection.close();
  inputKey(folder.inputKey);
  return alone(async (record) => {
    await makeWay(record.worker);
    const port = record.ports!.server;
    writeRecord(folder.service, { ...record, server: { ...record.server!, ready: true }, worker: { ...self, build: workerBuild(WORKER), port } });
    return workerCommand(folder, port, WORKER);
  });
}

function alone<T>(action: (record: ServiceRecord) => Promise<T>): Promise<T> {
  return withLock(join(folder.path, 'service.lock'), () => action(readRecord(folder.service)));
}

/** One that was started by a command, before there were units. */
async function makeWay(other: ProcessIdentity | undefined): Promise<void> {
  if (other && other.pid !== self.pid) await end(other, GRACE_SECONDS);
}

async function serverConnection() {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(100)) {
    const { server, ports } = readRecord(folder.service);
    const connection = server && ports && isAlive(server) ? await answering(ports.server) : undefined;
    if (connection) return connection;
  }
  throw new Error('the local Temporal server does not answer');
}
