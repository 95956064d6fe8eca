import type { OperationFailure } from './result.ts';

/**
 * What a person may answer an operation that waits.
 *
 * `retry`: the step again, where it is not finished. `done`: the once hook did its work. `skip`: go on without one member.
 * `rollback`: undo everything. `abort`: end here, and undo nothing. `approve`: carry the plan out.
 */
export type DecisionName = 'retry' | 'done' | 'skip' | 'rollback' | 'abort' | 'approve';

/** What an operation asks a person. It asks one thing at a time. */
export interface Question {
  /** Counts the questions of a run from 1: a decision answers the one that it names. */
  id: number;
  about: 'failure' | 'approval';
  /** Name of the step that waits for the answer. */
  step: string;
  /** One paragraph: what failed where and why, how things stand meanwhile, what each choice will do, how long, and what then. */
  message: string;
  /** Its first sentences: what failed and how things stand, or what is to be approved. */
  situation: string;
  failure?: OperationFailure;
  choices: Choice[];
  /** ISO 8601, UTC, by the server's clock. */
  askedAt: string;
  until: string;
  /** What is decided if nobody answers until then. */
  otherwise: DecisionName;
}

export interface Choice {
  decision: DecisionName;
  /** With `skip`: the member. */
  host?: string;
  /** What it will do, as a clause. */
  effect: string;
}

/**
 * The argument of the update `decide`. It answers one question of one run, once; for a local worker it is signed, as requests are:
 * a wrong one is refused before it is in the history.
 */
export interface Decision {
  version: 1;
  workflowId: string;
  runId: string;
  /** `id` of the question. */
  question: number;
  decision: DecisionName;
  /** With `skip`: the member. */
  host?: string;
  /** Who decides, for people to read: `user@machine`. */
  decidedBy: string;
  /** HMAC-SHA256 (hex) over the canonical JSON of all other fields, by the key of the local worker's user. */
  signature?: string;
}

/** What was decided, as the operation keeps it. */
export interface DecisionRecord {
  question: number;
  step: string;
  decision: DecisionName;
  host?: string;
  /** Null: nobody did in time, and it is what was said to be done then. */
  by: string | null;
  /** ISO 8601, UTC, by the server's clock. */
  at: string;
}
