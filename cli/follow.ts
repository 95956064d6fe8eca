import { setTimeout as sleep } from 'node:timers/promises';
import type { Connected } from '../client/connect.ts';
import type { OperationHandle } from '../client/operation-handle.ts';
import type { OperationResult, Progress } from '../contract/result.ts';
import type { RunProgress } from '../contract/run.ts';
import { endOf } from './end-of-operation.ts';
import { howItStands } from './how-it-stands.ts';
import { within } from './within.ts';

const POLL_MS = 500;
/** A workflow that does not say how it stands within this time has no worker. */
const ANSWER_MS = 2_000;
const REVIVE_MS = 5_000;

/** How an operation is shown while it is followed. */
export interface View {
  show(progress: Progress, runs: RunProgress[]): void;
  /** Nobody answers: the operation stands where it was last shown. */
  waiting(whatFor: string): void;
  /** Ends the showing, before the result is written. */
  close(): void;
}

/**
 * Follows an operation to its end, through restarts of the server and the worker, and starts them again where they are ours.
 *
 * @returns the result; undefined when `letGo` was aborted before the end.
 */
export async function follow(connected: Connected, handle: OperationHandle, view: View, letGo: AbortSignal): Promise<OperationResult | undefined> {
  const aborted = new Promise<undefined>((resolve) => letGo.addEventListener('abort', () => resolve(undefined), { once: true }));
  const ended = endOf(handle, letGo);
  let over = letGo.aborted;
  void Promise.race([ended, aborted]).then(
    () => (over = true),
    () => (over = true),
  );
  let revivedAt = 0;
  try {
    while (!over) {
      const seen = await Promise.race([look(handle), ended.then(() => 'over' as const), aborted]);
      if (seen === 'over' || seen === undefined) break;
      if ('whatFor' in seen) {
        view.waiting(seen.whatFor);
        if (connected.local && Date.now() - revivedAt > REVIVE_MS) {
          revivedAt = Date.now();
          // What stops the service from starting is told by the next command; this one goes on waiting.
          void connected.revive().catch(() => {});
        }
      } else view.show(seen.progress, seen.runs);
      await Promise.race([sleep(POLL_MS), ended, aborted]);
    }
    return await Promise.race([ended, aborted]);
  } finally {
    view.close();
  }
}

async function look(handle: OperationHandle): Promise<{ progress: Progress; runs: RunProgress[] } | { whatFor: string }> {
  try {
    const runs = await within(handle.runs(), ANSWER_MS);
    if (!runs) return { whatFor: 'the Temporal server' };
    const { progress, obstacle } = await howItStands(handle, ANSWER_MS);
    return progress ? { progress, runs } : { whatFor: obstacle ? 'a worker that can go on with it; "musher status" says why this one cannot' : 'a worker' };
  } catch {
    return { whatFor: 'the Temporal server' };
  }
}
