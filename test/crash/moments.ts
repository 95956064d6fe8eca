import { setTimeout as sleep } from 'node:timers/promises';
import type { StepReport } from '../../contract/result.ts';
import type { Moment, Stage } from './rows.ts';
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
      const now = await world.temporal.progress(operation);
      return { met: now?.ended !== true, during: during(now?.steps ?? []) };
    }
    const come = at === 'ends' ? has.ended : has.begun;
    if (come || progress.ended) return { met: come, during: during(progress.steps) };
  }
  throw new Error(`${operation.workflowId} has not come to "${step}" within ${seconds} s`);
}

/** Waits until an operation is undone, asks, or is cleared up after. @returns false where it has ended without, or does not come to it. */
export async function untilStage(world: World, operation: Started, stage: Stage, seconds: number): Promise<boolean> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(POLL_MS)) {
    if (stage === 'recovering') {
      if (await world.temporal.isRecovering()) return true;
      continue;
    }
    const progress = await world.temporal.progress(operation);
    if (!progress) continue;
    if (progress.ended) return false;
    if (stage === 'asking' ? progress.question !== undefined : progress.steps.some(({ state }) => state === 'undoing')) return true;
  }
  return false;
}

const during = (steps: readonly StepReport[]): string[] =>
  steps.filter(({ state }) => ['running', 'retrying', 'undoing'].includes(state)).map(({ name, startedAt }) => `${name} (${startedAt === undefined ? '?' : Date.now() - startedAt} ms)`);
