import type { StepReport, StepState } from '../contract/result.ts';
import type { Step } from './step.ts';

/** What is told of an operation's steps: how each stands, and what their runs did in all. */
export class StepReports {
  readonly all: StepReport[] = [];
  /** Seconds in which tasks and deliberate waits ran; builds are not among them. */
  workSeconds = 0;
  /** Number of things that runs changed. */
  changed = 0;
  readonly #remarks = new Map<StepReport, string>();
  readonly #show: () => void;
  #ordinal = 0;

  /** @param show called when there is something else to be shown. */
  constructor(show: () => void) {
    this.#show = show;
  }

  /** The report of a step: the one that it has, or a new one. */
  of(name: string, hosts: readonly string[]): StepReport {
    const known = this.all.find((step) => step.name === name);
    if (known) return known;
    const report: StepReport = { name, state: 'waiting', hosts: [...hosts] };
    this.all.push(report);
    return report;
  }

  enter(report: StepReport, state: StepState, note?: string): void {
    report.state = state;
    report.startedAt ??= Date.now();
    if (note === undefined) delete report.note;
    else report.note = note;
    this.#show();
  }

  leave(report: StepReport, state: StepState, note?: string): void {
    this.enter(report, state, note);
    report.endedAt = Date.now();
    this.#show();
  }

  /** What stays with a step when it is done. */
  remarkOn(report: StepReport): string | undefined {
    return this.#remarks.get(report);
  }

  /** A branch beside the one that failed may still be under way at the end: nobody waits for it. */
  close(): void {
    for (const report of this.all) if (['waiting', 'running', 'retrying', 'paused'].includes(report.state)) report.state = 'skipped';
  }

  /** What a step's work is given to report with. @param state that the step is in while it works. */
  reporter(report: StepReport, state: StepState): Step {
    return {
      nextOrdinal: () => {
        this.enter(report, state);
        return ++this.#ordinal;
      },
      account: ({ taskSeconds, changed }) => {
        this.workSeconds += taskSeconds;
        this.changed += changed;
      },
      retrying: (note) => this.enter(report, 'retrying', note),
      note: (note) => this.enter(report, state, note),
      remark: (note) => this.#remarks.set(report, note),
      rest: async (wait) => {
        const started = Date.now();
        await wait();
        this.workSeconds += (Date.now() - started) / 1000;
      },
    };
  }
}
