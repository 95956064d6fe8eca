import type { DecisionRecord, Question } from './decision.ts';
import type { FailureType } from './failures.ts';
import type { Standing } from './turn.ts';

/** How an operation ended: the workflow's result, or the details of its failure. */
export interface OperationResult {
  version: 1;
  /** `recover` is no one's to ask for: the queue of a group does it after an operation that was cut off. */
  operation: 'provision' | 'deploy' | 'rollBack' | 'recover';
  /** `shop/live`, or the group's name. */
  subject: string;
  /** `superseded`: a later one took its place while it waited; nothing was begun. */
  outcome: 'done' | 'failed' | 'cancelled' | 'superseded';
  /** One paragraph for a person. */
  message: string;
  failure?: OperationFailure;
  /** Names of the steps that were undone, in the order in which that was done. */
  undone: string[];
  /** What was not undone, since that failed or since somebody decided so: what is left to a person. */
  notUndone: NotUndone[];
  members: MemberState[];
  steps: StepReport[];
  /** Present where a person was asked: what was decided, in its order. */
  decisions?: DecisionRecord[];
  /** The release that was deployed or gone back to, and what it was made from. */
  release?: { id: string; checksum: string; ref?: string; commit?: string; files: number; bytes: number };
  seconds: number;
  /** Seconds of that in which Ansible's tasks and deliberate waits ran; the rest is orchestration and, in a deploy, the build. */
  workSeconds: number;
  /** Number of things changed on hosts, as Ansible counts (a provision says 0 when there was nothing to do). */
  changed: number;
}

/** What an inverse could not do, or was not asked to. */
export interface NotUndone {
  /** The step, as in `undone`. */
  step: string;
  /** Absent where it concerns no single host. */
  host?: string;
  /** Why; begins with the host where there is one. */
  message: string;
  /** The command that mends it, once its cause is gone; absent where nothing is left to do. */
  mend?: string;
}

export interface OperationFailure {
  type: FailureType;
  step: string;
  /** By host: what happened there. Empty where the failure concerns no host. */
  hosts: Record<string, string>;
  message: string;
}

/** What an environment's member serves after the operation, as the operation left it. */
export interface MemberState {
  name: string;
  release: string | null;
  checksum: string | null;
  inService: boolean;
  /** Present where the member was left out on purpose, and why. */
  behind?: string;
}

export interface StepReport {
  name: string;
  state: StepState;
  hosts: string[];
  /** Milliseconds since the epoch, workflow time. */
  startedAt?: number;
  endedAt?: number;
  /** What it waits for, or how it failed. */
  note?: string;
}

/** `paused`: it waits for a person. */
export type StepState = 'waiting' | 'running' | 'retrying' | 'paused' | 'done' | 'failed' | 'undoing' | 'undone' | 'skipped';

/** The answer of the query `progress`. */
export interface Progress {
  operation: OperationResult['operation'];
  subject: string;
  steps: StepReport[];
  /** How it stands in the queue of its group; absent until that is known. */
  turn?: Standing;
  ended: boolean;
  /** Present while a person is asked. */
  question?: Question;
  /** Present where a person was asked before. */
  decisions?: DecisionRecord[];
  /** Present once it has ended. */
  result?: OperationResult;
}
