import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { MusherClient } from '../../client/musher-client.ts';
import type { Question } from '../../contract/decision.ts';
import { PROGRESS_QUERY } from '../../contract/names.ts';
import type { OperationResult, Progress } from '../../contract/result.ts';
import type { Site } from '../lab/site.ts';
import { GROUP } from './spec.ts';

/** An operation that was started. */
export interface Started {
  workflowId: string;
  runId: string;
}

/** How an operation ended, as the Temporal server says. */
export interface End extends Started {
  /** Temporal's word: COMPLETED, FAILED, CANCELED, TERMINATED. */
  status: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
  endedAt: number;
  /** What the operation told of itself; none where it was cut off. */
  result?: OperationResult;
}

/** An event of a history, as far as it is looked at here. */
export interface HistoryEvent {
  /** Milliseconds since the epoch. */
  at: number;
  /** Who took the task, `PID@MACHINE`, in the events that say so. */
  identity?: string;
}

interface Stamp {
  seconds?: { toString(): string } | null;
  nanos?: number | null;
}

const NAMESPACE = 'musher';
const ANSWER_MS = 5_000;

/** A Temporal client of the test's own, which outlives the server it asks. */
export class Temporal {
  readonly #site: Site;
  #connection: Connection | undefined;

  constructor(site: Site) {
    this.#site = site;
  }

  /** Asks the server once. Throws when it does not answer. */
  async ask<T>(question: (client: Client) => Promise<T>): Promise<T> {
    try {
      this.#connection ??= await Connection.connect({ address: `127.0.0.1:${(await this.#site.service()).ports!.server}`, connectTimeout: ANSWER_MS });
      const connection = this.#connection;
      return await connection.withDeadline(Date.now() + ANSWER_MS, () => question(new Client({ connection, namespace: NAMESPACE })));
    } catch (error) {
      // A server that comes back may have another port.
      if (!(error instanceof WorkflowNotFoundError)) await this.close();
      throw error;
    }
  }

  /** Asks until it answers. Throws what it said last when that takes longer. */
  async insist<T>(seconds: number, question: (client: Client) => Promise<T>): Promise<T> {
    for (const deadline = Date.now() + seconds * 1000; ; await sleep(500)) {
      try {
        return await this.ask(question);
      } catch (error) {
        if (error instanceof WorkflowNotFoundError || Date.now() > deadline) throw error;
      }
    }
  }

  /** How an operation stands; undefined while nobody answers. */
  async progress({ workflowId, runId }: Started): Promise<Progress | undefined> {
    return this.ask((client) => client.workflow.getHandle(workflowId, runId).query<Progress>(PROGRESS_QUERY)).catch(() => undefined);
  }

  /** Waits for an operation's question of this number; undefined where it ended without. @throws it neither ends nor asks within so many seconds. */
  async question(operation: Started, id: number, seconds: number): Promise<Question | undefined> {
    for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(500)) {
      const progress = await this.progress(operation);
      if (progress?.question && progress.question.id >= id) return progress.question;
      if (progress?.ended) return undefined;
    }
    throw new Error(`${operation.workflowId} has not asked a person within ${seconds} s`);
  }

  /** Waits until an operation has been closed, whoever dies meanwhile. @throws it has not after so many seconds. */
  async end({ workflowId, runId }: Started, seconds: number): Promise<End> {
    for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(500)) {
      const found = await this.ask((client) => client.workflow.getHandle(workflowId, runId).describe()).catch(() => undefined);
      if (found?.closeTime === undefined) continue;
      const result = await this.#result({ workflowId, runId });
      return { workflowId, runId, status: found.status.name, startedAt: found.startTime.getTime(), endedAt: found.closeTime.getTime(), ...(result && { result }) };
    }
    throw new Error(`${workflowId} has not ended after ${seconds} s`);
  }

  /** What it told of itself: its result, or the details of its failure; a cancelled one tells only who asks it. */
  async #result({ workflowId, runId }: Started): Promise<OperationResult | undefined> {
    const asked = await this.insist(60, async (client) => {
      try {
        return (await client.workflow.getHandle(workflowId, runId).result()) as OperationResult;
      } catch (error) {
        const { name, cause } = error as { name?: string; cause?: { details?: unknown[] } };
        if (name !== 'WorkflowFailedError') throw error;
        return cause?.details?.[0] as OperationResult | undefined;
      }
    });
    return asked ?? (await this.progress({ workflowId, runId }))?.result;
  }

  /** Waits until nothing runs but the queue, and nobody is in that: one that was cut off is, until it has been cleared up after. */
  async untilQuiet(seconds: number): Promise<void> {
    let left: string[] = [];
    for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(500)) {
      const found = await this.ask(async (client) => {
        const running = (await new MusherClient(client).queue(GROUP)).map(({ workflowId, state }) => `${workflowId} (${state})`);
        for await (const { workflowId, type } of client.workflow.list({ query: "ExecutionStatus = 'Running'" })) if (type !== 'queue') running.push(workflowId);
        return running;
      }).catch(() => undefined);
      if (found?.length === 0) return;
      left = found ?? left;
    }
    throw new Error(`after ${seconds} s these have not ended: ${left.join(', ')}`);
  }

  async terminate({ workflowId, runId }: Started): Promise<void> {
    await this.insist(60, (client) => client.workflow.getHandle(workflowId, runId).terminate('the crash test'));
  }

  async cancel({ workflowId, runId }: Started): Promise<void> {
    await this.insist(60, (client) => client.workflow.getHandle(workflowId, runId).cancel());
  }

  /** Whether an operation that was cut off is being cleared up after. False while nobody answers. */
  async isRecovering(): Promise<boolean> {
    return this.ask(async (client) => (await client.workflow.count("ExecutionStatus = 'Running' AND WorkflowType = 'recover'")).count > 0).catch(() => false);
  }

  /** The events of a history that tell who took a task. */
  async history({ workflowId, runId }: Started): Promise<HistoryEvent[]> {
    const { events } = await this.insist(60, (client) => client.workflow.getHandle(workflowId, runId).fetchHistory());
    return (events ?? []).map(({ eventTime, workflowTaskStartedEventAttributes: task, activityTaskStartedEventAttributes: activity }) => {
      const identity = task?.identity ?? activity?.identity;
      return { at: millisecondsOf(eventTime), ...(identity && { identity }) };
    });
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close().catch(() => undefined);
  }
}

const millisecondsOf = (stamp: Stamp | null | undefined): number => Number(stamp?.seconds?.toString() ?? 0) * 1000 + (stamp?.nanos ?? 0) / 1e6;
