import { ApplicationFailure } from '@temporalio/activity';
import { type Client, WithStartWorkflowOperation, WorkflowUpdateFailedError } from '@temporalio/client';
import { ASK_UPDATE, LEAVE_SIGNAL, queueWorkflowId, TASK_QUEUE, WorkflowType } from '../../contract/names.ts';
import type { Ask, OperationRun, Standing } from '../../contract/turn.ts';

/**
 * Asks the queue of a group for an operation's turn; starts the queue where there is none.
 *
 * @throws {ApplicationFailure} `input-refused`: the queue does not take it, and will not if it is asked again.
 */
export async function askTurn(client: Client, group: string, ask: Ask): Promise<Standing> {
  try {
    return await client.workflow.executeUpdateWithStart<() => Promise<void>, Standing, [Ask]>(ASK_UPDATE, {
      args: [ask],
      startWorkflowOperation: new WithStartWorkflowOperation(WorkflowType.queue, { ...startOf(group), workflowIdConflictPolicy: 'USE_EXISTING' }),
    });
  } catch (error) {
    const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
    if (cause instanceof ApplicationFailure && cause.type === 'input-refused') throw ApplicationFailure.nonRetryable(cause.message, cause.type);
    throw error;
  }
}

/** Gives a turn back to the queue of a group; starts the queue where there is none, since others may be waiting for it. */
export async function leaveQueue(client: Client, group: string, run: OperationRun): Promise<void> {
  await client.workflow.signalWithStart(WorkflowType.queue, { ...startOf(group), signal: LEAVE_SIGNAL, signalArgs: [run] });
}

const startOf = (group: string) => ({
  workflowId: queueWorkflowId(group),
  taskQueue: TASK_QUEUE,
  // Everybody waits for its answers: a worker that died over one is not waited for any longer than that.
  workflowTaskTimeout: '5 seconds',
  args: [{ group }] as unknown as [],
  staticSummary: `Queue of ${group}`,
});
