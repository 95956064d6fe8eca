import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { LocalServiceError } from './local-service-error.ts';
import { identify, type ProcessIdentity } from './process-identity.ts';

/** A program, its words, and all of its environment. */
export interface Command {
  file: string;
  args: string[];
  env: NodeJS.ProcessEnv;
}

interface Place {
  log: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
  umask?: number;
}

/**
 * Starts a program in a session of its own, so that neither Ctrl-C nor the end of the terminal reaches it.
 * What it prints is appended to `log` (0600).
 *
 * @throws {LocalServiceError} it cannot be started, or ended at once.
 */
export function startDetached(file: string, args: string[], { log, cwd, env, umask }: Place): ProcessIdentity {
  const output = openSync(log, 'a', 0o600);
  const own = umask === undefined ? undefined : process.umask(umask);
  try {
    const child = spawn(file, args, { detached: true, cwd, env, stdio: ['ignore', output, output] });
    // A program that is not there is reported later than `pid` is known to be missing.
    child.on('error', () => {});
    child.unref();
    const identity = child.pid === undefined ? undefined : identify(child.pid);
    if (!identity) throw new LocalServiceError(`${file} cannot be started: it is not there, or may not be run. See ${log}; "musher setup" installs what Musher needs.`);
    return identity;
  } finally {
    if (own !== undefined) process.umask(own);
    closeSync(output);
  }
}

/** This process's environment without the settings of Temporal's clients, which are meant for another server. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_') && name !== 'NODE_COMPILE_CACHE'));
}
