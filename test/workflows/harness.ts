import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { execa } from 'execa';
import { MusherClient } from '../../client/musher-client.ts';
import { createTurnActivities } from '../../activities/turns/index.ts';
import type { Activities } from '../../activities/index.ts';
import { queueWorkflowId, SearchAttribute, TASK_QUEUE, TURN_TASK_QUEUE } from '../../contract/names.ts';
import { workflowBundle } from '../../worker/bundle.ts';

const ROOT = join(import.meta.dirname, '../..');
const TEMPORAL = join(ROOT, '.venv/bin/temporal');

/** The workflows as a worker bundles them, once for all files that test them. */
export const realWorkflows = (): Promise<WorkflowBundleWithSourceMap> => workflowBundle(join(ROOT, 'build/bundles'));

/** What stands for the world. */
export interface Activist {
  activities(): Activities;
}

/** A real Temporal server of its own, the real workflows, and a world in memory. */
export class Harness {
  readonly client: MusherClient;
  readonly environment: TestWorkflowEnvironment;
  readonly #bundle: WorkflowBundleWithSourceMap;

  private constructor(environment: TestWorkflowEnvironment, bundle: WorkflowBundleWithSourceMap) {
    this.environment = environment;
    this.#bundle = bundle;
    this.client = new MusherClient(environment.client);
  }

  static async start(): Promise<Harness> {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const [environment, bundle] = await Promise.all([startServer(), realWorkflows()]);
    return new Harness(environment, bundle);
  }

  /** Runs a worker while `work` does. @param bundle the workflows, where they are those of another version. */
  async working<T>(world: Activist, work: () => Promise<T>, bundle?: WorkflowBundleWithSourceMap): Promise<T> {
    const [worker, turns] = await Promise.all([this.worker(world, bundle), this.turns()]);
    return turns.runUntil(
      worker.runUntil(async () => {
        const value = await work();
        await this.#quiet();
        return value;
      }),
    );
  }

  /** Waits until the queue has taken in that everybody is gone: what a worker's end cuts off is handed to the next one after seconds only. */
  async #quiet(): Promise<void> {
    for (let tries = 0; tries < 40; tries++) {
      const { raw } = await this.environment.client.workflow.getHandle(queueWorkflowId('eu')).describe().catch(() => ({ raw: undefined }));
      if (!raw?.pendingWorkflowTask && !raw?.pendingActivities?.length) return;
      await sleep(50);
    }
  }

  /** The part of a worker that gives turns. */
  turns(): Promise<Worker> {
    return Worker.create({
      connection: this.environment.nativeConnection,
      taskQueue: TURN_TASK_QUEUE,
      activities: createTurnActivities(this.environment.client),
      maxConcurrentActivityTaskExecutions: 1000,
    });
  }

  worker(world: Activist, bundle = this.#bundle): Promise<Worker> {
    return Worker.create({
      connection: this.environment.nativeConnection,
      taskQueue: TASK_QUEUE,
      workflowBundle: { code: bundle.code },
      activities: world.activities(),
      stickyQueueScheduleToStartTimeout: '1 second',
    });
  }

  /** Runs the bare `temporal` command on its server. */
  temporal(...args: string[]) {
    return execa(TEMPORAL, [...args, '--address', this.environment.address]);
  }

  stop(): Promise<void> {
    return this.environment.teardown();
  }
}

const STARTS = 5;

/** The SDK gives a server 5 s to start, which is not always enough where other tests run beside this one. */
async function startServer(): Promise<TestWorkflowEnvironment> {
  const extraArgs = Object.values(SearchAttribute).flatMap((name) => ['--search-attribute', `${name}=Keyword`]);
  for (let start = 1; ; start++) {
    try {
      return await TestWorkflowEnvironment.createLocal({ server: { executable: { type: 'existing-path', path: TEMPORAL }, extraArgs } });
    } catch (error) {
      if (start === STARTS || !/did not start within/.test(String(error))) throw error;
    }
  }
}
