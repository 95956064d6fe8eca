import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationHandle } from '../client/operation-handle.ts';
import type { OperationResult } from '../contract/result.ts';
import { CommandError } from './command-error.ts';
import { ExitCode } from './exit-code.ts';
import { isUnreachable } from './report-error.ts';

const RETRY_MS = 500;

/**
 * Waits for an operation's end, however long the server is away meanwhile.
 *
 * @param letGo ends the asking again.
 * @throws {CommandError} it ended without telling a result.
 */
export async function endOf(handle: OperationHandle, letGo?: AbortSignal): Promise<OperationResult> {
  for (;;) {
    try {
      return await handle.result();
    } catch (error) {
      if ((error as Error).name === 'WorkflowFailedError') throw abnormalEnd(error as Error);
      if (!isUnreachable(error) || letGo?.aborted) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/** What is said of an operation that ended without telling a result: terminated, timed out, or refused at its start. */
function abnormalEnd(error: Error): Error {
  const ends: Record<string, string> = { TerminatedFailure: 'terminated', TimeoutFailure: 'ended by a time-out', CancelledFailure: 'cancelled' };
  const end = ends[(error.cause as Error | undefined)?.name ?? ''];
  // Any other failure is told as the ledger has it.
  if (!end) return error;
  return new CommandError(
    `The operation was ${end}, and told no result. Look at the servers with "musher status --live", then ask again.`,
    ExitCode.failed,
  );
}
