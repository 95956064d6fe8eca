import { ActivityFailure, ApplicationFailure, sleep } from '@temporalio/workflow';
import type { Planned } from '../activities/plan-operation.ts';
import type { Step } from './operation.ts';

const BACK_OFF = [1, 2, 4, 8, 15];

/**
 * Plans, and again while servers that the plan cannot do without do not answer.
 *
 * @param patience how long to go on asking, in seconds.
 */
export async function planWithPatience<P>(step: Step, patience: number, ask: () => Promise<Planned<P>>): Promise<P> {
  const started = Date.now();
  for (let tries = 0; ; tries++) {
    try {
      const { plan, taskSeconds } = await ask();
      step.account({ taskSeconds, changed: 0 });
      return plan;
    } catch (error) {
      const cause = error instanceof ActivityFailure ? error.cause : undefined;
      const unreachable = cause instanceof ApplicationFailure && cause.type === 'host-unreachable';
      if (!unreachable || (Date.now() - started) / 1000 >= patience) throw error;
      const pause = BACK_OFF[Math.min(tries, BACK_OFF.length - 1)]!;
      step.retrying(`${cause.message} Asking again.`);
      await step.rest(() => sleep(`${pause} seconds`, { summary: `asked again in ${pause} s` }));
    }
  }
}
