import { Context } from '@temporalio/activity';
import type { RunKey } from './ansible/run-request.ts';

/** What an activity needs to know of itself. */
export function currentActivity(): { key: RunKey; attempt: number; signal: AbortSignal; context: Context } {
  const context = Context.current();
  const { workflowExecution, activityId, attempt } = context.info;
  if (!workflowExecution) throw new Error("Musher's activities run in workflows only");
  return {
    key: { workflowId: workflowExecution.workflowId, runId: workflowExecution.runId, activityId },
    attempt,
    signal: context.cancellationSignal,
    context,
  };
}

const HEARTBEAT_MILLISECONDS = 1000;

/** Heartbeats while work is under way, and at once, so that a worker's death is noticed, and that it was this one. */
export async function heartbeating<T>(detail: () => unknown, work: () => Promise<T>): Promise<T> {
  const { context } = currentActivity();
  const beat = () => context.heartbeat(detail());
  beat();
  const pulse = setInterval(beat, HEARTBEAT_MILLISECONDS);
  try {
    return await work();
  } finally {
    clearInterval(pulse);
  }
}
