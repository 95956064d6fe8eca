import { createRequire } from 'node:module';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { MusherClient } from '../../client/musher-client.ts';
import { SearchAttribute, TASK_QUEUE } from '../../contract/names.ts';
import { parseSpec } from '../../spec/parse-spec.ts';
import type { Spec } from '../../spec/spec.ts';
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

/** A spec of three members behind one balancer. @param lines what the environment says beyond the usual, as YAML. */
export function shopSpec(lines: Record<string, unknown> = {}, hooks: { once?: string[]; each?: string[] } = {}): Spec {
  const text = JSON.stringify({
    version: 1,
    servers: Object.fromEntries(['lb1', 'web1', 'web2', 'web3'].map((name, index) => [name, { address: `192.0.2.${index + 1}`, user: 'deploy' }])),
    groups: { eu: { kind: 'cluster', members: ['web1', 'web2', 'web3'], balancers: ['lb1'] } },
    projects: {
      shop: {
        app: 'php',
        source: { directory: './shop' },
        hooks,
        environments: { live: { group: 'eu', domains: ['shop.example.net'], retry_timeout: 4, ...lines } },
      },
    },
  });
  const parsed = parseSpec(text, 'musher.yml');
  if ('errors' in parsed) throw new Error(JSON.stringify(parsed.errors));
  return parsed.spec;
}

export const sdkVersion = (createRequire(import.meta.url)('@temporalio/worker/package.json') as { version: string }).version;
