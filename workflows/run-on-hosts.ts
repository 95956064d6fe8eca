import { sleep } from '@temporalio/workflow';
import { FAILURES, type FailureType } from '../contract/failures.ts';
import type { HostOutcome, RunOutcome } from '../contract/run.ts';
import type { Ordinal } from '../contract/stage.ts';
import { backOff } from './back-off.ts';
import { failureOf } from './step-failed.ts';
import type { Step } from './step.ts';

export type HostFailure = Extract<HostOutcome, { status: 'failed' }>;

/** How often an inverse is tried that fails in a way that is not asked again otherwise: nobody else is going to do its work. */
const UNDO_TRIES = 3;

/** Here another try can do nothing, or must not. */
const IN_VAIN: ReadonlySet<FailureType> = new Set(['fenced', 'not-provisioned', 'timed-out']);

interface Asking {
  hosts: readonly string[];
  /** How long to go on asking hosts that do not answer, in seconds. */
  patience: number;
  /** False where the hosts of a step depend on each other, and a new try takes all of them. */
  narrow: boolean;
  /** An inverse: whatever fails is tried again, a few times, and a run that fails as a whole has failed on its hosts. */
  isUndoing?: boolean;
}

/**
 * Runs a step on hosts, and again, by class of failure, on those where another try may help: after a back-off,
 * until the patience ends.
 *
 * @returns the hosts that failed for good; none when the step is done.
 */
export async function runOnHosts(
  step: Step,
  { hosts, patience, narrow, isUndoing = false }: Asking,
  ask: (hosts: string[], ordinal: Ordinal) => Promise<RunOutcome>,
): Promise<Record<string, HostFailure>> {
  const started = Date.now();
  for (let pending = [...hosts], tries = 0, sealFirst = false; ; tries++) {
    const mayInsist = isUndoing && tries + 1 < UNDO_TRIES;
    let failures: Record<string, HostFailure>;
    try {
      const outcome = await ask(narrow ? pending : [...hosts], { step: step.nextOrdinal(), ...(sealFirst && { sealFirst }) });
      sealFirst = outcome.unsealed === true;
      step.account(outcome);
      failures = failuresOf(outcome);
      const mayWait = (Date.now() - started) / 1000 < patience;
      const again = ({ failure }: HostFailure): boolean => (FAILURES[failure].retry === 'never' ? mayInsist && !IN_VAIN.has(failure) : mayWait);
      if (Object.keys(failures).length === 0) return failures;
      if (!Object.values(failures).every(again)) return isUndoing && narrow ? { ...unreached(outcome, failures), ...failures } : failures;
      pending = Object.entries(outcome.hosts).flatMap(([host, { status }]) => (status === 'ok' ? [] : host));
    } catch (error) {
      const failure = failureOf(error, '');
      if (!isUndoing || !failure || failure.type === 'turn-lost' || failure.type === 'cancelled') throw error;
      failures = Object.fromEntries(pending.map((host) => [host, { status: 'failed', failure: failure.type, task: '', message: failure.message }]));
      if (!mayInsist || IN_VAIN.has(failure.type)) return failures;
    }
    const pause = backOff(tries);
    const names = Object.keys(failures).join(', ');
    step.retrying(`${names}: ${Object.values(failures)[0]!.failure}; asking again`);
    await step.rest(() => sleep(`${pause} seconds`, { summary: `${names}: asked again in ${pause} s` }));
  }
}

/** Hosts that a run did not come to, since others failed before: of an inverse, that is a failure too. */
const unreached = ({ hosts }: RunOutcome, failures: Record<string, HostFailure>): Record<string, HostFailure> =>
  Object.fromEntries(
    Object.entries(hosts).flatMap(([host, { status }]) => {
      const [failed, { failure }] = Object.entries(failures)[0]!;
      return status === 'not-reached' ? [[host, { status: 'failed', failure, task: '', message: `not reached, since ${failed} failed before` } as const]] : [];
    }),
  );

const failuresOf = ({ hosts }: RunOutcome): Record<string, HostFailure> =>
  Object.fromEntries(Object.entries(hosts).flatMap(([host, outcome]) => (outcome.status === 'failed' ? [[host, outcome] as const] : [])));
