import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from '@temporalio/client';
import { answering, untilAnswering } from './connect-to.ts';
import { inputKey } from './input-key.ts';
import { freePorts, LOOPBACK, NAMESPACE, setUpNamespace, startServer } from './local-server.ts';
import { startWorker, untilReady, WORKER, workerBuild } from './local-worker.ts';
import { withLock } from './lock.ts';
import { end, isAlive, type ProcessIdentity } from './process-identity.ts';
import { pythonCommand } from './python-environment.ts';
import { isComplete, readRecord, type ServiceRecord, writeRecord } from './service-record.ts';
import { removeEmptySshControlFolder } from './ssh-control-folder.ts';
import { openStateFolder, type StateFolder, statePath } from './state-folder.ts';
import { ensureUnits } from './units/ensure-units.ts';
import { installedUnits, systemctl, type Units } from './units/units.ts';

/** The Temporal server and the worker that run in the background when nothing else is configured. */
export interface LocalService {
  connection: Connection;
  address: string;
  namespace: string;
  webUrl: string;
  /** Signs requests: this worker takes no others. */
  key: Buffer;
  folder: StateFolder;
}

export interface LocalServiceOptions {
  /** The state folder; the user's own when left out. */
  home?: string;
  /** The worker's program, which Node runs. */
  worker?: string;
  /** False: the worker is started, but not waited for. */
  waitForWorker?: boolean;
  /** Told what is being waited for, in a few words. */
  onWait?: (what: string) => void;
}

export interface LocalServiceState {
  server: { running: boolean; pid?: number; address?: string; namespace: string; webUrl?: string };
  worker: { running: boolean; pid?: number; /** Whether it runs the code that is on disk now. */ current?: boolean };
  folder: string;
  /** Set where systemd keeps them. */
  systemd?: Pick<Units, 'scope' | 'server' | 'worker'>;
}

export const GRACE_SECONDS = 30;
const SERVER_GRACE_SECONDS = 15;

/**
 * Finds the local server and worker, and starts, replaces or restarts what is not as it should be: what is gone,
 * a server that does not answer, a worker of another version. Safe to call from several processes at once.
 *
 * @throws {LocalServiceError} one of them cannot be started.
 */
export async function ensureLocalService(options: LocalServiceOptions = {}): Promise<LocalService> {
  const folder = openStateFolder(options.home);
  const key = inputKey(folder.inputKey);
  const program = options.worker ?? WORKER;
  const build = workerBuild(program);

  const found = readRecord(folder.service);
  let connection = isComplete(found, build) ? await answering(found.ports!.server) : undefined;
  const units = installedUnits(folder.path);
  if (!connection && units) connection = await ensureUnits(units, folder, build, options);
  if (!connection) {
    connection = await withLock(join(folder.path, 'service.lock'), async () => {
      // Before the server is started for nothing.
      pythonCommand(folder.path);
      const server = await ensureServer(folder, options.onWait);
      await ensureWorker(folder, program, build, options);
      return server;
    });
  }
  const { server, web } = readRecord(folder.service).ports!;
  return { connection, key, folder, address: `${LOOPBACK}:${server}`, namespace: NAMESPACE, webUrl: `http://${LOOPBACK}:${web}/namespaces/${NAMESPACE}` };
}

/** Starts again what has gone by itself, without waiting for the worker; leaves alone what a person stopped. */
export async function reviveLocalService(options: LocalServiceOptions = {}): Promise<void> {
  if (readRecord(openStateFolder(options.home).service).stopped) return;
  await (await ensureLocalService({ ...options, waitForWorker: false })).connection.close();
}

/** What runs, without starting anything. */
export function localServiceState(options: LocalServiceOptions = {}): LocalServiceState {
  const path = options.home ?? statePath();
  const { server, worker, ports } = readRecord(join(path, 'service.json'));
  const units = installedUnits(path);
  return {
    server: {
      running: !!server && isAlive(server),
      ...(server && isAlive(server) && { pid: server.pid }),
      ...(ports && { address: `${LOOPBACK}:${ports.server}`, webUrl: `http://${LOOPBACK}:${ports.web}/namespaces/${NAMESPACE}` }),
      namespace: NAMESPACE,
    },
    worker: {
      running: !!worker && isAlive(worker),
      ...(worker && isAlive(worker) && { pid: worker.pid, current: worker.build === workerBuild(options.worker ?? WORKER) }),
    },
    folder: path,
    ...(units && { systemd: { scope: units.scope, server: units.server, worker: units.worker } }),
  };
}

/** Ends the worker, then the server. Runs of Ansible go on by themselves; the next worker takes them up. */
export async function stopLocalService(options: LocalServiceOptions = {}): Promise<void> {
  const folder = openStateFolder(options.home);
  await withLock(join(folder.path, 'service.lock'), async () => {
    const { server, worker, ...rest } = readRecord(folder.service);
    // First of all, so that a command that follows an operation does not start again what is being stopped.
    writeRecord(folder.service, { ...readRecord(folder.service), stopped: true });
    const units = installedUnits(folder.path);
    if (units) await systemctl(units, 'stop', units.worker, units.server);
    if (worker) await end(worker, GRACE_SECONDS);
    if (server) await end(server, SERVER_GRACE_SECONDS);
    writeRecord(folder.service, { ...rest, stopped: true });
    removeEmptySshControlFolder(folder.path);
  });
}

async function ensureServer(folder: StateFolder, onWait?: (what: string) => void): Promise<Connection> {
  const { stopped, ...found } = readRecord(folder.service);
  if (stopped) writeRecord(folder.service, found);
  let record: ServiceRecord = found;
  let connection = record.server && record.ports && isAlive(record.server) ? await answering(record.ports.server) : undefined;
  if (!connection) {
    onWait?.('Starting the local Temporal server');
    if (record.server) await end(record.server, SERVER_GRACE_SECONDS);
    const ports = await freePorts(record.ports);
    const server = startServer(folder, ports);
    await remember(folder, server, (record = { ...record, ports, server: { ...server, ready: false } }));
    connection = await untilAnswering(server, ports.server, folder.serverLog);
  }
  if (!record.server!.ready) {
    await setUpNamespace(connection);
    writeRecord(folder.service, { ...record, server: { ...record.server!, ready: true } });
  }
  return connection;
}

async function ensureWorker(folder: StateFolder, program: string, build: string, { onWait, waitForWorker = true }: LocalServiceOptions): Promise<void> {
  const record = readRecord(folder.service);
  if (isComplete(record, build)) return;
  onWait?.(record.worker && isAlive(record.worker) ? 'Replacing the worker by one of the present version' : 'Starting the worker');
  if (record.worker) await end(record.worker, GRACE_SECONDS);
  const from = statSync(folder.workerLog, { throwIfNoEntry: false })?.size ?? 0;
  const worker = startWorker(folder, record.ports!.server, program);
  await remember(folder, worker, { ...record, worker: { ...worker, build, port: record.ports!.server } });
  if (waitForWorker) await untilReady(worker, folder.workerLog, from);
}

/** Writes down what has just been started. Where that fails, as on a full disk, it is ended: nobody would find it again, and it would work beside the next one. */
async function remember(folder: StateFolder, started: ProcessIdentity, record: ServiceRecord): Promise<void> {
  try {
    writeRecord(folder.service, record);
  } catch (error) {
    await end(started, GRACE_SECONDS);
    throw error;
  }
}
