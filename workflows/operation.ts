import { allHandlersFinished, ApplicationFailure, CancellationScope, CancelledFailure, condition, defineQuery, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { DecisionRecord } from '../contract/decision.ts';
import { PROGRESS_QUERY } from '../contract/names.ts';
import { SPOKEN } from '../contract/operation-words.ts';
import type { OperationRequest } from '../contract/requests.ts';
import type { NotUndone, OperationFailure, OperationResult, Progress, StepReport } from '../contract/result.ts';
import type { Environment } from '../spec/spec.ts';
import { describeOperation, sentence } from './describe.ts';
import { Inverses, type Mend, type Undo } from './inverses.ts';
import { Person, type Asking } from './person.ts';
import { Aborted, failureOf, isForPerson, StepFailed } from './step-failed.ts';
import { StepReports } from './step-reports.ts';
import type { Step } from './step.ts';
import { isTurnLost, Turn } from './turn.ts';
import type { FindWaysOut, Way } from './ways-out.ts';

/** What an operation ended with, beyond its steps. */
export type Ending = Pick<OperationResult, 'members' | 'message'> & Partial<Pick<OperationResult, 'release'>>;

export interface Story {
  /** Tells the end, once everything has been undone or done. @param ended the decision to leave everything as it is, where it was that. */
  tell(failure: OperationFailure | undefined, undone: readonly string[], notUndone: readonly NotUndone[], ended?: DecisionRecord): Ending;
}

const CANCELLED_AFTER_RESET: OperationFailure = { type: 'cancelled', step: '', hosts: {}, message: 'It was reset, and then cancelled.' };

const progressQuery = defineQuery<Progress>(PROGRESS_QUERY);

/**
 * One operation: its steps in their order, who decides when one has failed for good, and how it ends.
 *
 * What is told of its steps is in `StepReports`, what undoes them in `Inverses`, its turn among others in `Turn`, whom it asks in `Person`.
 */
export class Operation {
  readonly turn: Turn;
  readonly #kind: OperationResult['operation'];
  readonly #subject: string;
  readonly #startedAt = Date.now();
  readonly #reports = new StepReports(() => this.#show());
  readonly #inverses = new Inverses(this.#reports);
  readonly #person = new Person(() => this.#show());
  #onFailure: Environment['onFailure'] = 'rollback';
  /** What it failed of, once it has been decided that it ends with that. */
  #decided: OperationFailure | undefined;
  #result: OperationResult | undefined;

  /** @param input of the workflow. */
  constructor(kind: OperationResult['operation'], subject: string, input: unknown) {
    this.turn = new Turn(input);
    this.#kind = kind;
    this.#subject = subject;
    setHandler(progressQuery, () => ({
      operation: this.#kind,
      subject: this.#subject,
      steps: this.#reports.all,
      ...(this.turn.standing && { turn: this.turn.standing }),
      ended: this.#result !== undefined,
      ...(this.#person.question && { question: this.#person.question }),
      ...this.#decisions,
      ...(this.#result && { result: this.#result }),
    }));
  }

  /** Waits for its turn in the queue of the group. @throws {StepFailed} `busy` or `superseded`. */
  async takeTurn(request: OperationRequest): Promise<void> {
    await this.turn.take(request, (wait) => this.step('wait for its turn', [], (step) => step.rest(() => wait((note) => step.note(note)))));
  }

  /**
   * Says who decides when a step has failed for good. Until it is called, nobody does.
   *
   * @param signed whether the request was, and decisions must be.
   */
  govern({ onFailure, signed }: { onFailure: Environment['onFailure']; signed: boolean }): void {
    this.#onFailure = onFailure;
    this.#person.signs = signed;
  }

  /**
   * Runs a step; again and otherwise, where a person decides so.
   *
   * @param undo its inverse, registered before the step runs.
   * @param waysOut what a person may do about its failure; left out: nobody is asked.
   */
  async step<T>(name: string, hosts: readonly string[], work: (step: Step) => Promise<T>, undo?: Undo, waysOut?: FindWaysOut): Promise<T> {
    const report = this.#reports.of(name, hosts);
    if (undo) this.onUndo(name, undo);
    const step = this.#reports.reporter(report, 'running');
    try {
      for (let way: Way | undefined; ; ) {
        try {
          this.#reports.enter(report, 'running');
          await way?.take?.(step);
          const value = await work(step);
          this.#reports.leave(report, 'done', this.#reports.remarkOn(report));
          return value;
        } catch (error) {
          way = await this.#wayOut(report, step, error, waysOut);
        }
      }
    } catch (error) {
      this.#reports.leave(report, 'failed', failureOf(error, name)?.message);
      throw error;
    }
  }

  /** Has somebody approve what is going to be done. @param effect what comes of the approval, as a clause. @throws {StepFailed} `not-approved` */
  async approval({ situation, effect, seconds }: { situation: string; effect: string; seconds: number }): Promise<void> {
    await this.step('approval', [], async (step) => {
      const choices = [{ decision: 'approve' as const, effect }, { decision: 'abort' as const, effect: 'it ends; nothing has been changed' }];
      const whyNotSkip = (host: string) => `${host} cannot be skipped: nothing has failed.`;
      this.#reports.enter(this.#reports.of('approval', []), 'paused', 'waits for an approval');
      const { decision, by } = await this.#ask(step, { about: 'approval', step: 'approval', situation, choices, whyNotSkip, seconds, otherwise: 'abort' });
      if (decision !== 'approve') throw new StepFailed('not-approved', by === null ? 'Nobody approved it in time.' : `${by} declined it.`);
      step.remark(`approved by ${by}`);
    });
  }

  /** What a person chose to do about a failed step. @throws the failure, where everything is to be undone. @throws {Aborted} */
  async #wayOut(report: StepReport, step: Step, error: unknown, waysOut: FindWaysOut | undefined): Promise<Way> {
    const failure = isTurnLost(error) ? undefined : failureOf(error, report.name);
    if (!waysOut || !failure || this.#onFailure === 'rollback' || !isForPerson(failure)) throw error;
    const { situation, ways, whyNotSkip } = await waysOut(failure, step);
    const { pauseSeconds, otherwise } = this.#onFailure;
    this.#reports.enter(report, 'paused', failure.message);
    const { decision, host } = await this.#ask(step, {
      about: 'failure',
      step: report.name,
      situation: `The ${SPOKEN[this.#kind]} of ${this.#subject} is paused at "${report.name}": ${sentence(failure.message)} ${situation}`,
      failure,
      choices: ways,
      whyNotSkip,
      seconds: pauseSeconds,
      otherwise,
    });
    const way = ways.find((one) => one.decision === decision && one.host === host);
    if (way && decision !== 'rollback' && decision !== 'abort') return way;
    this.#decided = failure;
    if (!way || decision === 'rollback') throw error;
    await CancellationScope.nonCancellable(() => this.#leaveAs(way, step, report.name));
    throw new Aborted(failure);
  }

  /** Brings about what is to hold where everything is left as it is; that it could not be is no reason to undo what was to be left. */
  async #leaveAs({ take }: Way, step: Step, name: string): Promise<void> {
    try {
      await take?.(step);
    } catch (error) {
      const problem = isTurnLost(error) ? undefined : failureOf(error, name);
      if (!problem) throw error;
      this.#inverses.leaveUndone(name, problem.message);
    }
  }

  async #ask(step: Step, asking: Asking): Promise<DecisionRecord> {
    let record: DecisionRecord;
    await step.rest(async () => void (record = await this.#person.ask(asking)));
    return record!;
  }

  /** Registers what undoes a step, or a part of the current one, before that is done. */
  onUndo(name: string, undo: Undo): void {
    this.#inverses.register(name, undo);
  }

  /** Says what mends the work of an inverse that failed, as soon as that is known. */
  mendBy(mend: Mend): void {
    this.#inverses.mend = mend;
  }

  /** Records where an inverse could not do its work: what is left to a person. @param mend where it is not what mends the rest. */
  leftUndone(step: string, failures: Record<string, { message: string }>, mend?: Mend): void {
    for (const [host, { message }] of Object.entries(failures)) this.#inverses.leaveUndone(step, message, host, mend);
  }

  /** Runs the operation to its end: its result, or a failure whose details are the result. */
  async run(story: Story, work: () => Promise<void>): Promise<OperationResult> {
    try {
      return await this.#run(story, work);
    } catch (error) {
      if (!isTurnLost(error)) throw error;
      this.#person.dismiss();
      await this.#hearOut();
      const failure = CancellationScope.current().consideredCancelled ? CANCELLED_AFTER_RESET : this.#decided;
      if (!failure) return this.turn.beginAgain();
      this.#inverses.leaveUndone('reset', 'The queue of the group puts right what the run before the reset had begun');
      return this.#fail(this.#end(story, failure));
    }
  }

  async #run(story: Story, work: () => Promise<void>): Promise<OperationResult> {
    let failure: OperationFailure | undefined;
    let aborted: DecisionRecord | undefined;
    try {
      await work();
    } catch (error) {
      if (isTurnLost(error)) throw error;
      const failed = this.#reports.all.find(({ state }) => state === 'failed')?.name ?? '';
      failure = asCancelled(failureOf(error, failed));
      // A bug of ours: it fails the workflow's task, so that a mended worker can go on from here.
      if (!failure) throw error;
      this.#person.dismiss();
      if (error instanceof Aborted) this.#inverses.leaveAll();
      else await CancellationScope.nonCancellable(() => this.#inverses.run());
      aborted = error instanceof Aborted ? this.#person.decisions.at(-1) : undefined;
    }
    this.#person.dismiss();
    await this.#hearOut();
    await CancellationScope.nonCancellable(() => this.turn.giveBack());
    const result = this.#end(story, failure, aborted);
    return failure && failure.type !== 'superseded' ? this.#fail(result) : result;
  }

  /** Whoever has sent a decision gets an answer before the end. */
  async #hearOut(): Promise<void> {
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }

  #end(story: Story, failure: OperationFailure | undefined, ended?: DecisionRecord): OperationResult {
    this.#reports.close();
    const { undone, notUndone } = this.#inverses;
    const { members, message, release } = story.tell(failure, undone, notUndone, ended);
    this.#result = {
      version: 1,
      operation: this.#kind,
      subject: this.#subject,
      outcome: !failure ? 'done' : failure.type === 'cancelled' || failure.type === 'superseded' ? failure.type : 'failed',
      message,
      ...(failure && { failure }),
      undone,
      notUndone,
      members,
      steps: this.#reports.all,
      ...this.#decisions,
      ...(release && { release }),
      seconds: (Date.now() - this.#startedAt) / 1000,
      workSeconds: this.#reports.workSeconds,
      changed: this.#reports.changed,
    };
    this.#show();
    return this.#result;
  }

  get #decisions(): Pick<OperationResult, 'decisions'> {
    const { decisions } = this.#person;
    return decisions.length > 0 ? { decisions } : {};
  }

  #fail(result: OperationResult): never {
    if (result.outcome === 'cancelled') throw new CancelledFailure(result.message);
    throw ApplicationFailure.create({ type: result.failure!.type, message: result.message, nonRetryable: true, details: [result] });
  }

  /** Temporal's page shows the operation as it stands. */
  #show(): void {
    const { question, decisions } = this.#person;
    setCurrentDetails(describeOperation({ steps: this.#reports.all, question, decisions, result: this.#result }));
  }
}

/** A cancel that was asked for while no worker was there ends an activity by its time-out: it was a cancel all the same. */
function asCancelled(failure: OperationFailure | undefined): OperationFailure | undefined {
  if (failure?.type !== 'timed-out' || !CancellationScope.current().consideredCancelled) return failure;
  return { ...failure, type: 'cancelled', message: 'The operation was cancelled.' };
}
