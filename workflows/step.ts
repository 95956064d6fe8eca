import type { RunOutcome } from '../contract/run.ts';

/** What a step shows of itself while it runs, and what its runs are told apart by. */
export interface Step {
  /** Orders the runs of an operation for the gates of the hosts. */
  nextOrdinal(): number;
  /** Counts a run's work and changes in. */
  account(work: Pick<RunOutcome, 'taskSeconds' | 'changed'>): void;
  /** Says what is waited for until the step goes on. */
  retrying(note: string): void;
  /** Says how the step stands. */
  note(note: string): void;
  /** Says something that stays with the step when it is done. */
  remark(note: string): void;
  /** A deliberate wait; counted as work, not as orchestration. */
  rest(wait: () => Promise<void>): Promise<void>;
}
