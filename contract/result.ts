import type { FailureType } from './failures.ts';

/** How an operation ended: the workflow's result, or the details of its failure. */
export interface OperationResult {
  version: 1;
  operation: 'provision' | 'deploy' | 'rollBack';
  /** `shop/live`, or the group's name. */
  subject: string;
  outcome: 'done' | 'failed' | 'cancelled';
  /** One paragraph for a person. */
  message: string;
  failure?: OperationFailure;
  /** Names of the steps that were undone, in the order in which that was done. */
  undone: string[];
  /** Inverses that failed: what is left to a person. */
  notUndone: { step: string; message: string }[];
  members: MemberState[];
  steps: StepReport[];
  /** The release that was deployed or gone back to, and what it was made from. */
  release?: { id: string; checksum: string; ref?: string; commit?: string; files: number; bytes: number };
  seconds: number;
  /** Seconds of that in which Ansible's tasks, builds and deliberate waits ran; the rest is orchestration. */
  workSeconds: number;
  /** Number of things changed on hosts, as Ansible counts (a provision says 0 when there was nothing to do). */
  changed: number;
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

export type StepState = 'waiting' | 'running' | 'retrying' | 'done' | 'failed' | 'undoing' | 'undone' | 'skipped';

/** The answer of the query `progress`. */
export interface Progress {
  operation: OperationResult['operation'];
  subject: string;
  steps: StepReport[];
  ended: boolean;
  /** Present once it has ended. */
  result?: OperationResult;
}
