import { ApplicationFailure, CancellationScope, CancelledFailure, defineQuery, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { PROGRESS_QUERY } from '../contract/names.ts';
import type { OperationFailure, OperationResult, Progress, StepReport, StepState } from '../contract/result.ts';
import type { RunOutcome } from '../contract/run.ts';
import { describeSteps } from './describe.ts';
import { failureOf } from './step-failed.ts';

/** What a step shows of itself while it runs, and what its runs are told apart by. */
export interface Step {
  /** Orders the runs of an operation for the gates of the hosts. */
  nextOrdinal(): number;
  /** Counts a run's work and changes in. */
  account(work: Pick<RunOutcome, 'taskSeconds' | 'changed'>): void;
  /** Says what is waited for until the step goes on. */
  retrying(note: string): void;
  /** Says something that stays with the step when it is done. */
  remark(note: string): void;
  /** A deliberate wait; counted as work, not as orchestration. */
  rest(wait: () => Promise<void>): Promise<void>;
}

interface Inverse {
  step: string;
  run: (step: Step) => Promise<void>;
}

/** What an operation ended with, beyond its steps. */
export type Ending = Pick<OperationResult, 'members' | 'message'> & Partial<Pick<OperationResult, 'release'>>;

export interface Story {
  /** Tells the end, once everything has been undone or done. */
  tell(failure: OperationFailure | undefined, undone: readonly string[], notUndone: OperationResult['notUndone']): Ending;
}

const progressQuery = defineQuery<Progress>(PROGRESS_QUERY);

/**
 * One operation: its steps in their order, what undoes them, and what everybody sees of it.
 *
 * An inverse is registered before its step runs, because a step that failed may have done half of its work;
 * it must be safe to run when the step did nothing. Inverses run in reverse order, in a scope that no cancel
 * reaches. One that fails is recorded, and the others still run.
 */
export class Operation {
  readonly #kind: OperationResult['operation'];
  readonly #subject: string;
  readonly #startedAt = Date.now();
  readonly #steps: StepReport[] = [];
  readonly #inverses: Inverse[] = [];
  readonly #undone: string[] = [];
  readonly #notUndone: OperationResult['notUndone'] = [];
  readonly #remarks = new Map<StepReport, string>();
  #ordinal = 0;
  #workSeconds = 0;
  #changed = 0;
  #result: OperationResult | undefined;

  constructor(kind: OperationResult['operation'], subject: string) {
    this.#kind = kind;
    this.#subject = subject;
    setHandler(progressQuery, () => ({
      operation: this.#kind,
      subject: this.#subject,
      steps: this.#steps,
      ended: this.#result !== undefined,
      ...(this.#result && { result: this.#result }),
    }));
  }

  /**
   * Runs a step.
   *
   * @param undo its inverse, registered before the step runs.
   */
  async step<T>(name: string, hosts: readonly string[], work: (step: Step) => Promise<T>, undo?: Inverse['run']): Promise<T> {
    const report = this.#report(name, hosts);
    if (undo) this.onUndo(name, undo);
    this.#enter(report, 'running');
    try {
      const value = await work(this.#handle(report, 'running'));
      this.#leave(report, 'done', this.#remarks.get(report));
      return value;
    } catch (error) {
      this.#leave(report, 'failed', failureOf(error, name)?.message);
      throw error;
    }
  }

  /** Registers what undoes a step, or a part of the current one, before that is done. */
  onUndo(name: string, undo: Inverse['run']): void {
    this.#inverses.push({ step: name, run: undo });
  }

  /** Records where an inverse could not do its work: what is left to a person. */
  leftUndone(step: string, failures: Record<string, { message: string }>): void {
    for (const [host, { message }] of Object.entries(failures)) this.#notUndone.push({ step, message: `${host}: ${message}` });
  }

  /** Runs the operation to its end: its result, or a failure whose details are the result. */
  async run(story: Story, work: () => Promise<void>): Promise<OperationResult> {
    let failure: OperationFailure | undefined;
    try {
      await work();
    } catch (error) {
      const failed = this.#steps.find(({ state }) => state === 'failed')?.name ?? '';
      failure = asCancelled(failureOf(error, failed));
      // A bug of ours: it fails the workflow's task, so that a mended worker can go on from here.
      if (!failure) throw error;
      await CancellationScope.nonCancellable(() => this.#undo());
      return this.#fail(this.#end(story, failure));
    }
    return this.#end(story, undefined);
  }

  async #undo(): Promise<void> {
    for (const { step, run } of this.#inverses.toReversed()) {
      const report = this.#report(step, []);
      this.#enter(report, 'undoing');
      const before = this.#notUndone.length;
      try {
        await run(this.#handle(report, 'undoing'));
        const whole = this.#notUndone.length === before;
        if (whole) this.#undone.push(step);
        this.#leave(report, whole ? 'undone' : 'failed', report.note);
      } catch (error) {
        const failure = failureOf(error, step);
        if (!failure) throw error;
        this.#notUndone.push({ step, message: failure.message });
        this.#leave(report, 'failed', failure.message);
      }
    }
  }

  #end(story: Story, failure: OperationFailure | undefined): OperationResult {
    // A branch beside the one that failed may still be under way: nobody waits for it.
    for (const report of this.#steps) if (['waiting', 'running', 'retrying'].includes(report.state)) report.state = 'skipped';
    const { members, message, release } = story.tell(failure, this.#undone, this.#notUndone);
    this.#result = {
      version: 1,
      operation: this.#kind,
      subject: this.#subject,
      outcome: !failure ? 'done' : failure.type === 'cancelled' ? 'cancelled' : 'failed',
      message,
      ...(failure && { failure }),
      undone: this.#undone,
      notUndone: this.#notUndone,
      members,
      steps: this.#steps,
      ...(release && { release }),
      seconds: (Date.now() - this.#startedAt) / 1000,
      workSeconds: this.#workSeconds,
      changed: this.#changed,
    };
    this.#show();
    return this.#result;
  }

  #fail(result: OperationResult): never {
    if (result.outcome === 'cancelled') throw new CancelledFailure(result.message);
    throw ApplicationFailure.create({ type: result.failure!.type, message: result.message, nonRetryable: true, details: [result] });
  }

  #report(name: string, hosts: readonly string[]): StepReport {
    const known = this.#steps.find((step) => step.name === name);
    if (known) return known;
    const report: StepReport = { name, state: 'waiting', hosts: [...hosts] };
    this.#steps.push(report);
    return report;
  }

  #handle(report: StepReport, state: StepState): Step {
    return {
      nextOrdinal: () => {
        this.#enter(report, state);
        return ++this.#ordinal;
      },
      account: ({ taskSeconds, changed }) => {
        this.#workSeconds += taskSeconds;
        this.#changed += changed;
      },
      retrying: (note) => this.#enter(report, 'retrying', note),
      remark: (note) => this.#remarks.set(report, note),
      rest: async (wait) => {
        const started = Date.now();
        await wait();
        this.#workSeconds += (Date.now() - started) / 1000;
      },
    };
  }

  #enter(report: StepReport, state: StepState, note?: string): void {
    report.state = state;
    report.startedAt ??= Date.now();
    if (note === undefined) delete report.note;
    else report.note = note;
    this.#show();
  }

  #leave(report: StepReport, state: StepState, note?: string): void {
    this.#enter(report, state, note);
    report.endedAt = Date.now();
    this.#show();
  }

  /** Temporal's page shows the operation as it stands. */
  #show(): void {
    setCurrentDetails(describeSteps(this.#steps, this.#result));
  }
}

/** A cancel that was asked for while no worker was there ends an activity by its time-out: it was a cancel all the same. */
function asCancelled(failure: OperationFailure | undefined): OperationFailure | undefined {
  if (failure?.type !== 'timed-out' || !CancellationScope.current().consideredCancelled) return failure;
  return { ...failure, type: 'cancelled', message: 'The operation was cancelled.' };
}
