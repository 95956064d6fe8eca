import { readFileSync } from 'node:fs';
import { replaceFile } from '../replace-file.ts';
import { isAlive, type ProcessIdentity } from './process-identity.ts';

/** What `service.json` remembers of the local server and worker from one command to the next. */
export interface ServiceRecord {
  version: 1;
  /** Loopback ports, chosen at the first start and kept as long as they are free. */
  ports?: { server: number; web: number };
  /** `ready`: its namespace is set up. */
  server?: ProcessIdentity & { ready: boolean };
  /** `build`: hash of the code that it runs; `port`: of the server it asks for work. */
  worker?: ProcessIdentity & { build: string; port: number };
  /** A person stopped it; only a new command starts it again. */
  stopped?: true;
}

/** The record; an empty one where there is none, or one of another version. */
export function readRecord(path: string): ServiceRecord {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as ServiceRecord;
    return record.version === 1 ? record : { version: 1 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return { version: 1 };
    throw error;
  }
}

/** Whether all of it runs, and is what is wanted. @param build of the worker that is wanted. */
export const isComplete = ({ ports, server, worker, stopped }: ServiceRecord, build: string): boolean =>
  !stopped && !!ports && !!server?.ready && isAlive(server) && !!worker && isAlive(worker) && worker.build === build && worker.port === ports.server;

export function writeRecord(path: string, record: ServiceRecord): void {
  replaceFile(path, `${JSON.stringify(record, null, 2)}\n`);
}
