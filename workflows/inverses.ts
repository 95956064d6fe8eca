import type { NotUndone } from '../contract/result.ts';
import { failureOf } from './step-failed.ts';
import type { StepReports } from './step-reports.ts';
import type { Step } from './step.ts';
import { isTurnLost } from './turn.ts';

/** Undoes a step; safe where that did nothing, or half of its work. */
export type Undo = (step: Step) => Promise<void>;

/** The command that mends on a host (or all in all, for ''), what an inverse left there. */
export type Mend = (host: string) => string | undefined;

/**
 * What undoes the steps of an operation, the last one first.
 *
 * An inverse is registered before its step runs, because a step that failed may have done half of its work. One that fails is recorded,
 * and the others still run.
 */
export class Inverses {
  /** Names of the steps that were undone, in the order in which that was done. */
  readonly undone: string[] = [];
  /** What was not, and is left to a person. */
  readonly notUndone: NotUndone[] = [];
  mend: Mend = () => undefined;
  readonly #inverses: { step: string; undo: Undo }[] = [];
  readonly #reports: StepReports;

  constructor(reports: StepReports) {
    this.#reports = reports;
  }

  register(step: string, undo: Undo): void {
    this.#inverses.push({ step, undo });
  }

  /** Records that of a step something was not undone, on a host or all in all. */
  leaveUndone(step: string, message: string, host = '', mend: Mend = this.mend): void {
    const command = mend(host);
    this.notUndone.push({ step, ...(host && { host }), message: host ? `${host}: ${message}` : message, ...(command && { mend: command }) });
  }

  /** Leaves everything as it is. */
  leaveAll(): void {
    for (const { step } of this.#inverses.toReversed()) this.leaveUndone(step, 'left as it is, since that was decided');
  }

  /** Undoes everything, wherever that can be done. To be called in a scope that no cancel reaches. */
  async run(): Promise<void> {
    for (const { step, undo } of this.#inverses.toReversed()) {
      const report = this.#reports.of(step, []);
      this.#reports.enter(report, 'undoing');
      const before = this.notUndone.length;
      try {
        await undo(this.#reports.reporter(report, 'undoing'));
        const whole = this.notUndone.length === before;
        if (whole) this.undone.push(step);
        this.#reports.leave(report, whole ? 'undone' : 'failed', report.note);
      } catch (error) {
        const failure = isTurnLost(error) ? undefined : failureOf(error, step);
        if (!failure) throw error;
        this.leaveUndone(step, failure.message);
        this.#reports.leave(report, 'failed', failure.message);
      }
    }
  }
}
