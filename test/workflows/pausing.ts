import { setTimeout as sleep } from 'node:timers/promises';
import { decisionOn, type Answer } from '../../client/decisions.ts';
import type { OperationHandle } from '../../client/operation-handle.ts';
import type { DecisionRecord, Question } from '../../contract/decision.ts';
import type { OperationRequest } from '../../contract/requests.ts';
import type { OperationResult } from '../../contract/result.ts';
import type { Harness } from './harness.ts';
import type { FailureType } from '../../contract/failures.ts';
import { deployRequest } from '../../client/requests.ts';
import { LIVE, shopSpec } from './shop-spec.ts';
import { shop } from './shop-world.ts';
import type { World } from './world.ts';

const PATIENCE_MS = 60_000;
export const PAUSE = { on_failure: { pause: '1h' } };

export const deployOf = (lines: Record<string, unknown> = PAUSE, hooks: Parameters<typeof shopSpec>[1] = {}) => deployRequest(shopSpec(lines, hooks), LIVE);

/** The hosts of each call of an activity. */
export const callsOf = (world: World, activity: string): string[] => world.calls.filter((call) => call.activity === activity).map(({ hosts }) => hosts.join());

/** A world in which an activity fails on a host, until it is mended. */
export function failing(activity: string, host: string, failure: FailureType, world = shop()): { world: World; mend: () => void } {
  let isBroken = true;
  world.trouble = (call, at) => (isBroken && call.activity === activity && at === host && call.release !== 'old' ? { failure, message: `${failure} there` } : undefined);
  return { world, mend: () => void (isBroken = false) };
}
export const unhealthy = () => failing('switchBatch', 'web2', 'health-check-failed');

/** An operation under way, and whoever answers it. */
export class Paused {
  readonly handle: OperationHandle;

  constructor(handle: OperationHandle) {
    this.handle = handle;
  }

  /** The question, once the operation asks one with this number. */
  async question(id = 1): Promise<Question> {
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(50)) {
      const { question, ended } = await this.handle.progress();
      if (question?.id === id) return question;
      if (ended) throw new Error(`the operation ended without a question ${id}: ${JSON.stringify(await this.handle.result())}`);
    }
    throw new Error(`no question ${id} within ${PATIENCE_MS} ms: ${JSON.stringify(await this.handle.progress())}`);
  }

  /** Answers the question of this number. */
  async answer(answer: Answer, id = 1): Promise<DecisionRecord> {
    return this.handle.decide({ ...decisionOn(this.handle, await this.question(id), answer), decidedBy: 'somebody@example.net' });
  }
}

/** Runs an operation that a person is asked by. */
export const pausing = (harness: Harness, world: World, request: OperationRequest, person: (paused: Paused) => Promise<unknown>): Promise<OperationResult> =>
  harness.working(world, async () => {
    const paused = new Paused(await harness.client.start(request));
    await person(paused);
    return paused.handle.result();
  });
