import { program } from '../../client/local/installation.ts';
import { isClusterConfigured } from '../../client/connect.ts';
import { CommandError } from '../command-error.ts';

/** `musher worker`: becomes the worker, whose signals and end are then this process's own. */
export function worker(): never {
  if (!isClusterConfigured()) {
    throw new CommandError('No Temporal cluster is configured: set TEMPORAL_ADDRESS, or write a profile. The worker of the local service is started by itself; "musher service start" does so at once.');
  }
  return process.execve!(process.execPath, [process.execPath, program('worker/main')], process.env);
}
