import { sleep } from '@temporalio/workflow';
import { FAILURES, type FailureType } from '../contract/failures.ts';
import type { RunOutcome } from '../contract/run.ts';
import type { Step } from './operation.ts';

export interface HostFailure {
  failure: FailureType;
  task: string;
  message: string;
}

/** Seconds between two times of asking. SSH's own time-out of 10 s comes on top. */
const BACK_OFF = [1, 2, 4, 8, 15];

interface Asking {
  hosts: readonly string[];
  /** How long to go on asking hosts that do not answer, in seconds. */
  patience: number;
  /** False where the hosts of a step depend on each other, and a new try takes all of them. */
  narrow: boolean;
}

/**
 * Runs a step on hosts, and again, by class of failure, on those where another try may help: after a back-off,
 * until the patience ends.
 *
 * @returns the hosts that failed for good; none when the step is done.
 */
export async function runOnHosts(
  step: Step,
  { hosts, patience, narrow }: Asking,
  ask: (hosts: string[], ordinal: number) => Promise<RunOutcome>,
): Promise<Record<string, HostFailure>> {
  const started = Date.now();
  for (let pending = [...hosts], tries = 0; ; tries++) {
    const outcome = await ask(narrow ? pending : [...hosts], step.nextOrdinal());
    step.account(outcome);
    const failures = failuresOf(outcome);
    const final = Object.values(failures).some(({ failure }) => FAILURES[failure].retry === 'never');
    const waited = (Date.now() - started) / 1000;
    if (Object.keys(failures).length === 0 || final || waited >= patience) return failures;

    pending = Object.entries(outcome.hosts).flatMap(([host, { status }]) => (status === 'ok' ? [] : host));
    const pause = BACK_OFF[Math.min(tries, BACK_OFF.length - 1)]!;
    const names = Object.keys(failures).join(', ');
    step.retrying(`${names}: ${Object.values(failures)[0]!.failure}; asking again`);
    await step.rest(() => sleep(`${pause} seconds`, { summary: `${names}: asked again in ${pause} s` }));
  }
}

function failuresOf(outcome: RunOutcome): Record<string, HostFailure> {
  const failed = Object.entries(outcome.hosts).flatMap(([host, result]) => (result.status === 'failed' ? [[host, result] as const] : []));
  return Object.fromEntries(failed.map(([host, { failure, task, message }]) => [host, { failure, task, message }]));
}
