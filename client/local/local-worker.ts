import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CODE, PACKAGE, program } from './installation.ts';
import { LOOPBACK, NAMESPACE } from './local-server.ts';
import { LocalServiceError } from './local-service-error.ts';
import { capLog, tail } from './log-file.ts';
import { isAlive, type ProcessIdentity } from './process-identity.ts';
import { type Command, plainEnvironment, startDetached } from './start-detached.ts';
import type { StateFolder } from './state-folder.ts';

/** All that a worker is made of. */
const MADE_OF = [
  ...['spec', 'contract', 'plan', 'workflows', 'activities', 'worker', 'client'].map((room) => join(CODE, room)),
  ...['playbooks', 'package.json', 'package-lock.json', 'npm-shrinkwrap.json', 'requirements.txt'].map((name) => join(PACKAGE, name)),
];
const READY = 'worker ready';

export const WORKER = program('worker/main');

/** Starts a worker that takes signed requests only, from the local server. */
export function startWorker(folder: StateFolder, port: number, main: string): ProcessIdentity {
  const { file, args, env } = workerCommand(folder, port, main);
  return startDetached(file, args, { log: folder.workerLog, cwd: folder.path, env });
}

/** What runs that worker. */
export function workerCommand(folder: StateFolder, port: number, main: string): Command {
  capLog(folder.workerLog);
  // In place of the user's profile file, which may hold the TLS settings or the API key of a cluster.
  writeFileSync(folder.profile, `[profile.default]\naddress = "${LOOPBACK}:${port}"\nnamespace = "${NAMESPACE}"\n`, { mode: 0o600 });
  return {
    file: process.execPath,
    args: [main],
    env: {
      ...plainEnvironment(),
      MUSHER_HOME: folder.path,
      MUSHER_INPUT_KEY: folder.inputKey,
      TEMPORAL_CONFIG_FILE: folder.profile,
    },
  };
}

/** Waits until a worker says in its log, from byte `from` on, that it is ready. @throws {LocalServiceError} it ended, or does not within 60 s. */
export async function untilReady(worker: ProcessIdentity, log: string, from: number): Promise<void> {
  for (const until = Date.now() + 60_000; !tail(log, 64 * 1024, from).includes(READY); await sleep(50)) {
    if (!isAlive(worker)) throw new LocalServiceError(`The worker ended while it started. The end of ${log}:\n${tail(log, 2000, from).trim()}\nMend what it names, then run "musher service start".`);
    if (Date.now() > until) throw new LocalServiceError(`The worker is not ready after 60 s; the machine may be overloaded. See "musher service logs", then run "musher service start".`);
  }
}

/** A hash of all the code that a worker runs: another one means that the worker is of another version. */
export function workerBuild(main: string): string {
  const hash = createHash('sha256').update(process.version);
  for (const file of [...MADE_OF.flatMap(filesBelow), main]) hash.update(`${relative(PACKAGE, file)}\0`).update(readFileSync(file)).update('\0');
  return hash.digest('hex').slice(0, 16);
}

function filesBelow(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/__pycache__|\.partial$|~$/.test(join(entry.parentPath, entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
