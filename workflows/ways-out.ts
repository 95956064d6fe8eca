import type { Choice } from '../contract/decision.ts';
import type { OperationFailure } from '../contract/result.ts';
import type { Step } from './step.ts';

/** What a person may choose at a step that failed, and what is then done: before the step is run again, or before the operation ends as it is. */
export interface Way extends Choice {
  take?: (step: Step) => Promise<void>;
}

export interface WaysOut {
  /** How things stand while the operation waits: whole sentences. */
  situation: string;
  ways: Way[];
  /** Why a host cannot be skipped: a sentence. Asked only of one that no way skips. */
  whyNotSkip: (host: string) => string;
}

/** Says what a person may do about a failed step, and brings about what is to hold while they are waited for. */
export type FindWaysOut = (failure: OperationFailure, step: Step) => WaysOut | Promise<WaysOut>;

/** The ways out where nothing has been changed yet. @param retry what asking again does, as a clause. */
export const waysOutUnchanged = (retry: string): WaysOut => ({
  situation: 'Nothing has been changed.',
  ways: [
    { decision: 'retry', effect: retry },
    { decision: 'rollback', effect: 'it ends; nothing has to be undone' },
    { decision: 'abort', effect: 'it ends; nothing has been changed' },
  ],
  whyNotSkip: (host) => `${host} cannot be skipped here: the step does not concern single servers.`,
});
