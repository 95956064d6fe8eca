import type { Progress, StepReport } from '../../contract/result.ts';

export type StepNews = StepReport;

/** Tells, at each call, the steps that have changed since the one before; those that only wait are no news. */
export function newsOf(): (progress: Progress) => StepNews[] {
  const known = new Map<string, string>();
  return ({ steps }) =>
    steps.filter((step) => {
      if (step.state === 'waiting') return false;
      const now = `${step.state}\n${step.note ?? ''}`;
      if (known.get(step.name) === now) return false;
      known.set(step.name, now);
      return true;
    });
}
