import { Worker, type NativeConnection, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { createActivities, type ActivitySettings } from '../activities/index.ts';
import { TASK_QUEUE } from '../contract/names.ts';

/** Runs of Ansible that this machine carries at once. */
const RUNS_AT_ONCE = 20;

export interface WorkerPlace {
  connection: NativeConnection;
  namespace: string;
  bundle: WorkflowBundleWithSourceMap;
}

/** The one place where workflows and activities meet. */
export function createWorker({ connection, namespace, bundle }: WorkerPlace, settings: ActivitySettings): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue: TASK_QUEUE,
    workflowBundle: { code: bundle.code },
    activities: createActivities(settings),
    maxConcurrentActivityTaskExecutions: RUNS_AT_ONCE,
    // Operations are few and long: a small cache holds them all, and the worker stays small.
    maxCachedWorkflows: 50,
    // A worker that is gone is noticed after this long; the default is 10 s.
    stickyQueueScheduleToStartTimeout: '1 second',
    // Runs of Ansible do not end with the worker, so that there is little to wait for.
    shutdownGraceTime: '1 second',
    shutdownForceTime: '10 seconds',
  });
}
