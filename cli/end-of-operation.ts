import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationHandle } from '../client/operation-handle.ts';
import type { OperationResult, Progress } from '../contract/result.ts';
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
      if ((error as Error).name === 'WorkflowFailedError') {
        const result = await resultFromWorker(handle);
        if (result) return result;
        throw abnormalEnd(error as Error);
      }
      if (!isUnreachable(error) || letGo?.aborted) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/** A cancelled operation ends without a result in its history; a worker still knows it. */
async function resultFromWorker(handle: OperationHandle): Promise<OperationResult | undefined> {
  const answer = handle.progress().catch((): Progress | undefined => undefined);
  return (await Promise.race([answer, sleep(5_000, undefined, { ref: false })]))?.result;
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
