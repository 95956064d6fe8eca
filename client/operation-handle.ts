import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, TerminatedFailure, WorkflowFailedError, WorkflowNotFoundError, WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import type { Decision, DecisionRecord } from '../contract/decision.ts';
import { DECIDE_UPDATE, PROGRESS_QUERY } from '../contract/names.ts';
import type { OperationResult, Progress } from '../contract/result.ts';
import type { RunProgress } from '../contract/run.ts';
import type { Standing } from '../contract/turn.ts';
import { DecisionRefused } from './decision-refused.ts';
import { obstacleOf, type Obstacle } from './obstacle.ts';

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

  /** How it stands in the queue of its group, as soon as that is known; undefined where it ended before. */
  async standing(): Promise<Standing | undefined> {
    for (;;) {
      const { turn, ended } = await this.progress();
      if (turn || ended) return turn;
      await sleep(STANDING_INTERVAL_MS);
    }
  }

  /** What the runs under way were last heard to do: the task, and which hosts are through. */
  async runs(): Promise<RunProgress[]> {
    const description = await this.#workflow.describe();
    const pending = description.raw.pendingActivities ?? [];
    return pending.flatMap((activity) => {
      const data = activity.heartbeatDetails?.payloads?.[0]?.data;
      if (!data) return [];
      const { task, done, failed } = JSON.parse(Buffer.from(data).toString()) as RunProgress;
      return [{ task, done, failed }];
    });
  }

  /** What keeps it from going on although a worker takes it up; undefined where nothing is known to. */
  obstacle(): Promise<Obstacle | undefined> {
    return obstacleOf(this.#workflow, this.runId);
  }

  /** Waits for the end, over a reset too. A failed or cancelled operation is a result as well, not an error. */
  async result(): Promise<OperationResult> {
    try {
      return (await this.#workflow.result()) as OperationResult;
    } catch (error) {
      if (error instanceof WorkflowFailedError && error.cause instanceof TerminatedFailure) {
        const later = await this.#laterRun();
        if (later) return later.result();
      }
      // A cancelled workflow carries no details: its result is told by the query.
      const result = resultOfFailure(error) ?? (error instanceof WorkflowFailedError ? (await this.progress()).result : undefined);
      if (result) return result;
      throw error;
    }
  }

  /** The run that a reset made of this one. */
  async #laterRun(): Promise<OperationHandle | undefined> {
    const { runId } = await this.#workflow.client.getHandle(this.workflowId).describe();
    return runId !== this.runId ? new OperationHandle(this.#workflow.client.getHandle(this.workflowId, runId), runId) : undefined;
  }

  /**
   * Answers what the operation asks (`question` of its progress). Decisions come from `client/decisions.ts`.
   *
   * @returns what is now on record.
   * @throws {DecisionRefused} it is no answer to the question, comes too late, or is not signed by the worker's user.
   */
  async decide(decision: Decision): Promise<DecisionRecord> {
    try {
      return await this.#workflow.executeUpdate<DecisionRecord, [Decision]>(DECIDE_UPDATE, { args: [decision] });
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) throw new DecisionRefused(innermost(error).message);
      if (error instanceof WorkflowNotFoundError) throw new DecisionRefused('The operation has ended.');
      throw error;
    }
  }

  /** Asks for a cancel. The operation undoes what it did and ends by itself. */
  async cancel(): Promise<void> {
    await this.#workflow.cancel();
  }
}

const STANDING_INTERVAL_MS = 50;

const isResult = (detail: unknown): detail is OperationResult => (detail as Partial<OperationResult> | undefined)?.version === 1;

function resultOfFailure(error: unknown): OperationResult | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure && isResult(cause.details?.[0])) return cause.details[0];
    if (!(cause instanceof WorkflowFailedError) && !cause.cause) break;
  }
  return undefined;
}

const innermost = (error: Error): Error => (error.cause instanceof Error ? innermost(error.cause) : error);
