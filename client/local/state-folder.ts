import { mkdirSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { LocalServiceError } from './local-service-error.ts';

/** Where the local server and worker keep what they know; private to its user (0700). */
export interface StateFolder {
  path: string;
  /** Temporal's database. */
  database: string;
  /** Who runs, and on which ports. */
  service: string;
  /** The key that signs requests. */
  inputKey: string;
  /** Temporal's profile file for the local server, for the worker and for anybody's Temporal client. */
  profile: string;
  serverLog: string;
  workerLog: string;
  /** A folder for each run of Ansible. */
  runs: string;
  /** What is kept of bugs that were met. */
  reports: string;
  /** Ansible's modules, packed for hosts. */
  modules: string;
  /** What the local worker remembers of the inputs that it has carried out. */
  usedInputs: string;
}

/** `$MUSHER_HOME`, else `$XDG_STATE_HOME/musher`, else `~/.local/state/musher`. */
export function statePath(environment: NodeJS.ProcessEnv = process.env): string {
  const { MUSHER_HOME: home, XDG_STATE_HOME: state } = environment;
  if (home) return resolve(home);
  // The XDG specification asks that a relative path be ignored.
  return state?.startsWith('/') ? join(state, 'musher') : join(homedir(), '.local/state/musher');
}

/**
 * The state folder, made where it is missing.
 *
 * @throws {LocalServiceError} it cannot be made, belongs to another user, or others may enter it.
 */
export function openStateFolder(path: string = statePath()): StateFolder {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new LocalServiceError(`${path} cannot be made (${(error as Error).message}). Set MUSHER_HOME to a folder that you may write to.`);
  }
  const { uid, mode } = statSync(path);
  if (uid !== userInfo().uid) throw new LocalServiceError(`${path} belongs to another user. Set MUSHER_HOME to a folder of your own.`);
  if (mode & 0o077) throw new LocalServiceError(`${path} can be entered by other users of this machine. Close it with "chmod 700 ${path}".`);
  return {
    path,
    database: join(path, 'temporal.db'),
    service: join(path, 'service.json'),
    inputKey: join(path, 'input.key'),
    profile: join(path, 'temporal.toml'),
    serverLog: join(path, 'server.log'),
    workerLog: join(path, 'worker.log'),
    runs: join(path, 'runs'),
    reports: join(path, 'reports'),
    modules: join(path, 'modules'),
    usedInputs: join(path, 'used-inputs'),
  };
}
