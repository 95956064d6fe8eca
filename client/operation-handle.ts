import { ApplicationFailure, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { PROGRESS_QUERY } from '../contract/names.ts';
import type { OperationResult, Progress } from '../contract/result.ts';
import type { RunProgress } from '../contract/run.ts';

/** One operation, under way or ended. */
export class OperationHandle {
  readonly workflowId: string;
  readonly runId: string;
  readonly #workflow: WorkflowHandle;

  constructor(workflow: WorkflowHandle, runId: string) {
    this.#workflow = workflow;
    this.workflowId = workflow.workflowId;
    this.runId = runId;
  }

  /** The operation's steps, as the workflow knows them now. Answered for ended operations too. */
  progress(): Promise<Progress> {
    return this.#workflow.query<Progress>(PROGRESS_QUERY);
  }

  /** What the runs under way were last heard to do: the task, and which hosts are through. */
  async runs(): Promise<RunProgress[]> {
    const description = await this.#workflow.describe();
    const pending = description.raw.pendingActivities ?? [];
    return pending.flatMap((activity) => {
      const data = activity.heartbeatDetails?.payloads?.[0]?.data;
      return data ? [JSON.parse(Buffer.from(data).toString()) as RunProgress] : [];
    });
  }

  /** Waits for the end. A failed or cancelled operation is a result too, not an error. */
  async result(): Promise<OperationResult> {
    try {
      return (await this.#workflow.result()) as OperationResult;
    } catch (error) {
      // A cancelled workflow carries no details: its result is told by the query.
      const result = resultOfFailure(error) ?? (error instanceof WorkflowFailedError ? (await this.progress()).result : undefined);
      if (result) return result;
      throw error;
    }
  }

  /** Asks for a cancel. The operation undoes what it did and ends by itself. */
  async cancel(): Promise<void> {
    await this.#workflow.cancel();
  }
}

const isResult = (detail: unknown): detail is OperationResult => (detail as Partial<OperationResult> | undefined)?.version === 1;

function resultOfFailure(error: unknown): OperationResult | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure && isResult(cause.details?.[0])) return cause.details[0];
    if (!(cause instanceof WorkflowFailedError) && !cause.cause) break;
  }
  return undefined;
}
