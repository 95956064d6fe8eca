import { Worker, type NativeConnection, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import type { Client } from '@temporalio/client';
import { createActivities, type ActivitySettings } from '../activities/index.ts';
import { createTurnActivities } from '../activities/turns/index.ts';
import { TASK_QUEUE, TURN_TASK_QUEUE } from '../contract/names.ts';

/** Runs of Ansible that this machine carries at once. */
const RUNS_AT_ONCE = 20;
/** Operations whose turn is asked for or watched at once: each only waits for an answer of Temporal's. */
const TURNS_AT_ONCE = 1000;

/**
 * Polls for steps. Few: a step that Temporal hands to a poll of a worker that has just been cut off is lost until its heartbeat is missed, and so on
 * with the next poll. That is how long an operation waits for another worker.
 */
const POLLS = { type: 'simple-maximum', maximum: 2 } as const;

export interface WorkerPlace {
  connection: NativeConnection;
  namespace: string;
  bundle: WorkflowBundleWithSourceMap;
}

/** Runs of Ansible do not end with the worker, so that there is little to wait for. */
const common = { shutdownGraceTime: '1 second', shutdownForceTime: '10 seconds' } as const;

/** The one place where workflows and activities meet. */
export function createWorker({ connection, namespace, bundle }: WorkerPlace, settings: ActivitySettings): Promise<Worker> {
  return Worker.create({
    ...common,
    connection,
    namespace,
    taskQueue: TASK_QUEUE,
    workflowBundle: { code: bundle.code },
    activities: createActivities(settings),
    maxConcurrentActivityTaskExecutions: RUNS_AT_ONCE,
    activityTaskPollerBehavior: POLLS,
    // Operations are few and long: a small cache holds them all, and the worker stays small.
    maxCachedWorkflows: 50,
    // A worker that is gone is noticed after this long; the default is 10 s.
    stickyQueueScheduleToStartTimeout: '1 second',
  });
}

/** Beside it, for turns: an operation must not wait for a place among runs of Ansible to be told that it has to wait. */
export function createTurnWorker({ connection, namespace }: Omit<WorkerPlace, 'bundle'>, client: Client, { inputKey }: Pick<ActivitySettings, 'inputKey'>): Promise<Worker> {
  return Worker.create({
    ...common,
    connection,
    namespace,
    taskQueue: TURN_TASK_QUEUE,
    activities: createTurnActivities(client, inputKey),
    maxConcurrentActivityTaskExecutions: TURNS_AT_ONCE,
  });
}
