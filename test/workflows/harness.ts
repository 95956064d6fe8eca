import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { MusherClient } from '../../client/musher-client.ts';
import { SearchAttribute, TASK_QUEUE } from '../../contract/names.ts';
import type { World } from './world.ts';

const ROOT = join(import.meta.dirname, '../..');
export const TEMPORAL = join(ROOT, '.venv/bin/temporal');

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
    const [environment, bundle] = await Promise.all([
      TestWorkflowEnvironment.createLocal({
        server: {
          executable: { type: 'existing-path', path: TEMPORAL },
          extraArgs: Object.values(SearchAttribute).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
        },
      }),
      bundleWorkflowCode({ workflowsPath: join(ROOT, 'workflows/index.ts'), logger: new DefaultLogger('ERROR') }),
    ]);
    return new Harness(environment, bundle);
  }

  /** Runs a worker while `work` does. */
  async working<T>(world: World, work: () => Promise<T>): Promise<T> {
    const worker = await this.worker(world);
    return worker.runUntil(work);
  }

  worker(world: World): Promise<Worker> {
    return Worker.create({
      connection: this.environment.nativeConnection,
      taskQueue: TASK_QUEUE,
      workflowBundle: { code: this.#bundle.code },
      activities: world.activities(),
      stickyQueueScheduleToStartTimeout: '1 second',
    });
  }

  stop(): Promise<void> {
    return this.environment.teardown();
  }
}
