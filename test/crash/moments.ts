import { setTimeout as sleep } from 'node:timers/promises';
import type { StepReport } from '../../contract/result.ts';
import type { Moment } from './rows.ts';
import type { Started } from './temporal.ts';
import type { World } from './world.ts';

/** Where an operation stood when something was done to it. */
export interface Met {
  /** False: it ended before its moment came, and the fault was made right after. */
  met: boolean;
  /** The steps that were under way, and the milliseconds since each began. */
  during: string[];
}

const POLL_MS = 100;

/** Waits until an operation has come to a moment. @throws it neither came to it nor ended within so many seconds. */
export async function untilMoment(world: World, operation: Started, { step, at, fraction }: Moment, seconds: number): Promise<Met> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(POLL_MS)) {
    const progress = await world.temporal.progress(operation);
    if (!progress) continue;
    const report = progress.steps.find(({ name }) => name === step);
    const has = { begun: report !== undefined && report.state !== 'waiting', ended: report?.endedAt !== undefined };
    if (has.begun && at === 'inside' && !has.ended) {
      await sleep(fraction * world.usual(step) * 1000);
      return { met: true, during: during((await world.temporal.progress(operation))?.steps ?? []) };
    }
    const come = at === 'ends' ? has.ended : has.begun;
    if (come || progress.ended) return { met: come, during: during(progress.steps) };
  }
  throw new Error(`${operation.workflowId} has not come to "${step}" within ${seconds} s`);
}

const during = (steps: readonly StepReport[]): string[] =>
  steps.filter(({ state }) => ['running', 'retrying', 'undoing'].includes(state)).map(({ name, startedAt }) => `${name} (${startedAt === undefined ? '?' : Date.now() - startedAt} ms)`);
