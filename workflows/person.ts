import { ApplicationFailure, condition, defineUpdate, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Choice, Decision, DecisionRecord, Question } from '../contract/decision.ts';
import { DECIDE_UPDATE } from '../contract/names.ts';
import { moment, sentence } from './describe.ts';
import { quick } from './profiles.ts';
import { reasonAgainst } from './reason-against.ts';

/** What is to be decided. */
export interface Asking extends Pick<Question, 'about' | 'step' | 'situation' | 'failure' | 'otherwise'> {
  choices: readonly Choice[];
  /** How long the answer is waited for. */
  seconds: number;
  /** Why a host cannot be skipped: a sentence. */
  whyNotSkip: (host: string) => string;
}

const decideUpdate = defineUpdate<DecisionRecord, [Decision]>(DECIDE_UPDATE);

/**
 * Whom an operation asks when it cannot or may not go on by itself.
 *
 * A decision is an update. What cannot be right is refused by the validator, at once and without a trace in the history; what
 * looks right is admitted by an activity, since only the worker has the key that decisions for it are signed with. The first
 * that is admitted counts.
 */
export class Person {
  readonly decisions: DecisionRecord[] = [];
  /** Whether decisions must be signed: the request was. */
  signs = false;
  readonly #changed: () => void;
  #open: { question: Question; asking: Asking } | undefined;
  #answer: DecisionRecord | undefined;
  #count = 0;
  #dismissed = false;

  /** @param changed called when there is something else to be shown. */
  constructor(changed: () => void) {
    this.#changed = changed;
    setHandler(decideUpdate, (decision) => this.#hear(decision), {
      validator: (decision) => this.#validate(decision),
      description: 'Answers what the operation asks; see the query "progress"',
    });
  }

  /** What is being asked. */
  get question(): Question | undefined {
    return this.#answer ? undefined : this.#open?.question;
  }

  /** Asks, and waits for the answer or for the time to run out. Of branches that ask at once, one has to wait for the other's answer. */
  async ask(asking: Asking): Promise<DecisionRecord> {
    while (this.#open) await condition(() => !this.#open);
    if (this.#dismissed) await never();
    const question = questionOf(asking, ++this.#count, Date.now());
    const { id, step, otherwise } = question;
    this.#open = { question, asking };
    this.#changed();
    try {
      await condition(() => this.#answer !== undefined, `${asking.seconds} seconds`, { summary: `a decision on "${step}" is waited for` });
      const record = this.#answer ?? { question: id, step, decision: otherwise, by: null, at: new Date().toISOString() };
      if (this.#answer || !this.#dismissed) this.decisions.push(record);
      if (this.#dismissed) await never();
      return record;
    } finally {
      this.#open = undefined;
      this.#answer = undefined;
      this.#changed();
    }
  }

  /** Asks nothing any more: the operation is coming to its end. */
  dismiss(): void {
    this.#dismissed = true;
    if (!this.#open) return;
    // What is undone meanwhile must not be done again by a branch that has been waiting for an answer.
    this.#open = undefined;
    this.#changed();
  }

  #validate(decision: unknown): void {
    const { workflowId, runId } = workflowInfo();
    const reason = reasonAgainst(decision, { workflowId, runId, question: this.question, signs: this.signs, last: this.decisions.at(-1), whyNotSkip: this.#open?.asking.whyNotSkip });
    if (reason !== undefined) throw ApplicationFailure.nonRetryable(reason, 'decision-refused');
  }

  async #hear(decision: Decision): Promise<DecisionRecord> {
    const asked = this.#open;
    const { workflowId, runId } = workflowInfo();
    await quick(`may this be decided: ${decision.decision}`).admitDecision(decision, { workflowId, runId });
    if (!asked || this.#open !== asked || this.#answer) throw ApplicationFailure.nonRetryable('Something else has been decided meanwhile.', 'decision-refused');
    this.#answer = {
      question: asked.question.id,
      step: asked.question.step,
      decision: decision.decision,
      ...(decision.host !== undefined && { host: decision.host }),
      by: decision.decidedBy,
      at: new Date().toISOString(),
    };
    return this.#answer;
  }
}

/** Nothing goes on from here; a cancel ends it. */
const never = (): Promise<void> => condition(() => false);

function questionOf({ about, step, situation, failure, otherwise, choices, seconds }: Asking, id: number, now: number): Question {
  const until = now + seconds * 1000;
  const told = choices.map(({ decision, host, effect }) => `${decision}${host === undefined ? '' : ` ${host}`}: ${effect}`);
  return {
    id,
    about,
    step,
    message: `${situation} What can be done: ${sentence(told.join('; '))} It waits until ${moment(until)}; if nobody has decided by then: ${otherwise}.`,
    situation,
    ...(failure && { failure }),
    choices: choices.map(({ decision, host, effect }) => ({ decision, ...(host !== undefined && { host }), effect })),
    askedAt: new Date(now).toISOString(),
    until: new Date(until).toISOString(),
    otherwise,
  };
}
