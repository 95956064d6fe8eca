import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { PACKAGE } from './installation.ts';
import { LocalServiceError } from './local-service-error.ts';

/** The versions that belong to this Musher, with their hashes. */
export const REQUIREMENTS = join(PACKAGE, 'requirements.txt');

/** In the environments' folder below the state folder, in each: written when all of it is there. */
export const READY = 'ready';

export const environmentsFolder = (home: string): string => join(home, 'python');

/**
 * The Python environment with Ansible and, where there is one for the machine, the Temporal CLI: the repository's own (`make setup`) where
 * Musher runs from it, else that of the state folder `home` (`musher setup`), which is named after the versions in it. It need not be there.
 */
export function pythonEnvironment(home: string): string {
  const own = join(PACKAGE, '.venv');
  if (existsSync(own)) return own;
  return join(environmentsFolder(home), createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12));
}

/** Whether an environment is there as a whole. The repository's was made by another hand, which leaves no mark. */
export const isReady = (environment: string): boolean => existsSync(join(environment, environment === join(PACKAGE, '.venv') ? 'bin/python3' : READY));

/**
 * The Python that runs Ansible, which is beside it: `$MUSHER_PYTHON`, else that of the Python environment.
 *
 * @throws {LocalServiceError} the environment is not there.
 */
export function pythonCommand(home: string, { MUSHER_PYTHON: chosen }: NodeJS.ProcessEnv = process.env): string {
  if (chosen) return chosen;
  const environment = pythonEnvironment(home);
  if (!isReady(environment)) throw new LocalServiceError('Ansible, in the version that Musher needs, is not installed. Run "musher setup", which installs it below the state folder.');
  return join(environment, 'bin/python3');
}

/** The Temporal CLI of the Python environment, else of the PATH. @throws {LocalServiceError} there is none. */
export function temporalCommand(home: string): string {
  const folders = [join(pythonEnvironment(home), 'bin'), ...(process.env['PATH'] ?? '').split(delimiter)];
  const found = folders.map((folder) => join(folder, 'temporal')).find(isExecutable);
  if (found) return found;
  throw new LocalServiceError(
    'The Temporal CLI, which brings the local server, is not installed: run "musher setup", or put "temporal" on the PATH. To use a Temporal cluster instead, set TEMPORAL_ADDRESS.',
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
