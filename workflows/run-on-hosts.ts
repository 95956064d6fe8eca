import { sleep } from '@temporalio/workflow';
import { FAILURES } from '../contract/failures.ts';
import type { HostOutcome, RunOutcome } from '../contract/run.ts';
import { backOff } from './back-off.ts';
import type { Step } from './operation.ts';

export type HostFailure = Extract<HostOutcome, { status: 'failed' }>;

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
    const pause = backOff(tries);
    const names = Object.keys(failures).join(', ');
    step.retrying(`${names}: ${Object.values(failures)[0]!.failure}; asking again`);
    await step.rest(() => sleep(`${pause} seconds`, { summary: `${names}: asked again in ${pause} s` }));
  }
}

const failuresOf = ({ hosts }: RunOutcome): Record<string, HostFailure> =>
  Object.fromEntries(Object.entries(hosts).flatMap(([host, outcome]) => (outcome.status === 'failed' ? [[host, outcome] as const] : [])));
