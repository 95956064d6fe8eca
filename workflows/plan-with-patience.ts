import { ActivityFailure, ApplicationFailure, sleep } from '@temporalio/workflow';
import type { Planned } from '../activities/plan-operation.ts';
import { backOff } from './back-off.ts';
import type { Step } from './step.ts';

/**
 * Plans, and again while servers that the plan needs do not answer.
 *
 * @param isWhole whether the plan may be taken before the patience ends.
 * @param patience how long to go on asking, in seconds.
 */
export async function planWithPatience<P>(
  step: Step,
  patience: number,
  ask: () => Promise<Planned<P>>,
  isWhole: (plan: P) => boolean = () => true,
): Promise<P> {
  const started = Date.now();
  for (let tries = 0; ; tries++) {
    const isLate = (Date.now() - started) / 1000 >= patience;
    let missing = 'Not every server answered.';
    try {
      const { plan, taskSeconds } = await ask();
      step.account({ taskSeconds, changed: 0 });
      if (isLate || isWhole(plan)) return plan;
    } catch (error) {
      const cause = error instanceof ActivityFailure ? error.cause : undefined;
      const unreachable = cause instanceof ApplicationFailure && cause.type === 'host-unreachable';
      if (!unreachable || isLate) throw error;
      missing = cause.message;
    }
    const pause = backOff(tries);
    step.retrying(`${missing} Asking again.`);
    await step.rest(() => sleep(`${pause} seconds`, { summary: `asked again in ${pause} s` }));
  }
}
