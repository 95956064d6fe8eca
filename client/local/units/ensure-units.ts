import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { answering } from '../connect-to.ts';
import { LocalServiceError } from '../local-service-error.ts';
import { untilReady } from '../local-worker.ts';
import { withLock } from '../lock.ts';
import { isAlive } from '../process-identity.ts';
import type { LocalServiceOptions } from '../service.ts';
import { isComplete, readRecord } from '../service-record.ts';
import type { StateFolder } from '../state-folder.ts';
import { refreshUnits, systemctl, type Units } from './units.ts';

const PATIENCE_MS = 90_000;

/**
 * Has systemd start, or start anew, what is not as it should be.
 *
 * @param build of the worker that is wanted.
 * @throws {LocalServiceError} one of them does not start.
 */
export async function ensureUnits(units: Units, folder: StateFolder, build: string, { onWait, waitForWorker = true }: LocalServiceOptions): Promise<Connection> {
  return withLock(join(folder.path, 'units.lock'), async () => {
    onWait?.('Starting the local service by systemd');
    await refreshUnits(units, folder.path);
    const { server, ports } = readRecord(folder.service);
    const known = server && ports && isAlive(server) ? await answering(ports.server) : undefined;
    await known?.close();
    if (!known) await systemctl(units, 'restart', units.server);
    const from = statSync(folder.workerLog, { throwIfNoEntry: false })?.size ?? 0;
    const isThere = isComplete(readRecord(folder.service), build);
    if (!isThere) await systemctl(units, 'restart', units.worker);
    const connection = await untilComplete(units, folder, build);
    if (!isThere && waitForWorker) await untilReady(readRecord(folder.service).worker!, folder.workerLog, from);
    return connection;
  });
}

async function untilComplete({ scope, server, worker }: Units, folder: StateFolder, build: string): Promise<Connection> {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(100)) {
    const record = readRecord(folder.service);
    const connection = isComplete(record, build) ? await answering(record.ports!.server) : undefined;
    if (connection) return connection;
  }
  const own = scope === 'user' ? '--user ' : '';
  throw new LocalServiceError(
    `The local service does not start within ${PATIENCE_MS / 1000} s. Look at "systemctl ${own}status ${server} ${worker}", "musher service logs server" and "musher service logs".`,
  );
}
