import type { WorkflowHandle } from '@temporalio/client';

/** Why an operation does not go on although a worker takes it up: its workflow's own code cannot. It stands where it stood, and goes on by itself as soon as a worker can. */
export interface Obstacle {
  /** `other-version`: what the operation has done so far is not what the worker's version of Musher would have done. `bug`: its code fails. */
  because: 'other-version' | 'bug';
  /** What the worker says of it. */
  message: string;
}

/** How the SDK marks that a history and the code do not fit together. */
const OTHER_VERSION = '[TMPRL1100]';
/** Causes of a failed task: WORKFLOW_WORKER_UNHANDLED_FAILURE and NON_DETERMINISTIC_ERROR. The others pass by themselves. */
const OF_THE_CODE = new Set([14, 24]);
/** The end of a history in which the last task of the workflow is looked for. */
const EVENTS = 50;

/** What keeps a workflow from going on; undefined where nothing does, or where no worker is there to be kept. */
export async function obstacleOf(workflow: WorkflowHandle, runId: string): Promise<Obstacle | undefined> {
  const { workflowService, options } = workflow.client;
  const { history } = await workflowService.getWorkflowExecutionHistoryReverse({
    namespace: options.namespace,
    execution: { workflowId: workflow.workflowId, runId },
    maximumPageSize: EVENTS,
  });
  const last = history?.events?.find((event) => event.workflowTaskCompletedEventAttributes || event.workflowTaskFailedEventAttributes);
  const failed = last?.workflowTaskFailedEventAttributes;
  return failed && OF_THE_CODE.has(failed.cause ?? 0) ? obstacle(failed.failure?.message ?? '') : undefined;
}

/** What a query failed of, where that was the workflow's code: a paused operation meets its obstacle when it is asked how it stands. */
export function obstacleInQuery(error: unknown): Obstacle | undefined {
  return error instanceof Error && error.message.includes(OTHER_VERSION) ? obstacle(error.message) : undefined;
}

const obstacle = (message: string): Obstacle => ({ because: message.includes(OTHER_VERSION) ? 'other-version' : 'bug', message });
