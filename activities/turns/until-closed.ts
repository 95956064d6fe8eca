import { Context } from '@temporalio/activity';
import { type Client, WorkflowContinuedAsNewError, WorkflowFailedError } from '@temporalio/client';
import type { OperationRun, RunEnd } from '../../contract/turn.ts';
import { isUnknown } from './is-unknown.ts';

const HEARTBEAT_MILLISECONDS = 3000;
/** History events by which a workflow's own code ends. */
const BY_ITSELF = new Set(['COMPLETED', 'FAILED', 'CANCELLED', 'CONTINUED_AS_NEW']);

/** Waits until a run of a workflow has closed, for as long as that takes. One that is not known has. */
export async function untilClosed(client: Client, { workflowId, runId }: OperationRun): Promise<RunEnd> {
  const context = Context.current();
  const pulse = setInterval(() => context.heartbeat(), HEARTBEAT_MILLISECONDS);
  try {
    await client.withAbortSignal(context.cancellationSignal, () => closing(client, { workflowId, runId }));
    return await endOf(client, { workflowId, runId });
  } finally {
    clearInterval(pulse);
  }
}

/** The server answers a question for a run's last event when there is one, or after a while without, and is asked again then. */
async function closing(client: Client, { workflowId, runId }: OperationRun): Promise<void> {
  try {
    await client.workflow.result(workflowId, runId, { followRuns: false });
  } catch (error) {
    const isClosed = error instanceof WorkflowFailedError || error instanceof WorkflowContinuedAsNewError || isUnknown(error);
    if (!isClosed) throw error;
  }
}

async function endOf(client: Client, { workflowId, runId }: OperationRun): Promise<RunEnd> {
  const [ended, current] = await Promise.all([describe(client, workflowId, runId), describe(client, workflowId)]);
  const isAnother = current?.status.name === 'RUNNING' && current.runId !== runId;
  return { byItself: BY_ITSELF.has(ended?.status.name ?? ''), ...(isAnother && { next: current.runId }) };
}

async function describe(client: Client, workflowId: string, runId?: string) {
  try {
    return await client.workflow.getHandle(workflowId, runId).describe();
  } catch (error) {
    if (isUnknown(error)) return undefined;
    throw error;
  }
}
