import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import { isFailureType, type FailureType } from '../contract/failures.ts';
import { LedgerError } from '../contract/ledger-error.ts';
import type { OperationFailure } from '../contract/result.ts';
import type { HostFailure } from './run-on-hosts.ts';

/** A step that cannot go on. */
export class StepFailed extends LedgerError {
  /** Throws where a host failed. */
  static unlessNone(failures: Record<string, HostFailure>): void {
    if (Object.keys(failures).length > 0) throw StepFailed.onHosts(failures);
  }

  static onHosts(failures: Record<string, HostFailure>): StepFailed {
    const [first] = Object.values(failures);
    const messages = Object.entries(failures).map(([host, { message }]) => [host, message] as const);
    return new StepFailed(first?.failure ?? 'task-failed', messages.map(([host, message]) => `${host}: ${message}`).join('\n'), Object.fromEntries(messages));
  }
}

/** A failed operation that somebody decided to leave as it is. */
export class Aborted extends Error {
  readonly failure: OperationFailure;

  constructor(failure: OperationFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Of these nobody is asked: another operation goes on, the request was refused, or it was a person who ended it. */
const DECIDED: ReadonlySet<FailureType> = new Set(['cancelled', 'fenced', 'input-refused', 'plan-changed', 'not-approved']);

/** Whether a person may be asked what to do about a failure. */
export const isForPerson = ({ type }: OperationFailure): boolean => !DECIDED.has(type);

/**
 * What a step failed of, in the ledger's terms.
 *
 * @returns undefined for a bug of ours: that must fail the workflow's task, not the operation.
 */
export function failureOf(error: unknown, step: string): OperationFailure | undefined {
  if (error instanceof Aborted) return error.failure;
  if (error instanceof StepFailed) return { type: error.type, step, hosts: error.hosts, message: error.message };
  if (isCancellation(error)) return { type: 'cancelled', step, hosts: {}, message: 'The operation was cancelled.' };
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure)) {
    return error instanceof ActivityFailure ? { type: 'timed-out', step, hosts: {}, message: error.message } : undefined;
  }
  const hosts = (cause.details?.[0] ?? {}) as Record<string, string>;
  return { type: isFailureType(cause.type ?? '') ? (cause.type as FailureType) : 'task-failed', step, hosts, message: cause.message };
}
