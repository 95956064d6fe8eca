import { ActivityFailure, ApplicationFailure, condition, continueAsNew, defineSignal, getExternalWorkflowHandle, setHandler, workflowInfo } from '@temporalio/workflow';
import { askOf } from '../contract/ask.ts';
import { LEAVE_SIGNAL, queueWorkflowId, TURN_SIGNAL } from '../contract/names.ts';
import { SPOKEN } from '../contract/operation-words.ts';
import { placeOf } from '../contract/place.ts';
import type { OperationRequest } from '../contract/requests.ts';
import type { OperationRun, QueuedOperation, Standing, TurnNews } from '../contract/turn.ts';
import { beFound } from './be-found.ts';
import { listed } from './describe.ts';
import { quickly } from './profiles.ts';
import { StepFailed } from './step-failed.ts';

const turnSignal = defineSignal<[TurnNews]>(TURN_SIGNAL);
const leaveSignal = defineSignal<[OperationRun]>(LEAVE_SIGNAL);

/** An operation's turn in the queue of its group. */
export class Turn {
  readonly #news: TurnNews[] = [];
  readonly #input: unknown;
  #group: string | undefined;
  #standing: Standing | undefined;

  /** @param input of the workflow. */
  constructor(input: unknown) {
    this.#input = input;
    setHandler(turnSignal, (news) => void this.#news.push(news));
  }

  /** How it stands; undefined until the queue has answered. */
  get standing(): Standing | undefined {
    return this.#standing;
  }

  /** The run of this workflow that has the turn. After a reset that is another one than this. What needs no turn may always go on. */
  get holder(): string {
    return this.#standing?.is === 'held' ? this.#standing.runId : workflowInfo().runId;
  }

  /**
   * Takes its turn.
   *
   * @param waiting waits, where it has to: is given how to, and what it waits for each time that changes.
   * @throws {StepFailed} `busy` or `superseded`: there will be no turn.
   */
  async take(request: OperationRequest, waiting: (wait: (show: (note: string) => void) => Promise<void>) => Promise<void>): Promise<void> {
    const { group, subject } = placeOf(request);
    const { workflowId, runId, startTime } = workflowInfo();
    beFound(group, subject);
    this.#group = group;
    const ask = askOf(request, { workflowId, runId }, startTime.toISOString());
    const asking = () => quickly(`a turn in the queue of ${group}`).askTurn(group, ask);

    this.#standing = await asking();
    if (this.#standing.is === 'waiting') {
      await waiting(async (show) => {
        while (this.#standing?.is === 'waiting') {
          show(behind(this.#standing.behind));
          await condition(() => this.#news.length > 0);
          const news = this.#news.shift()!;
          // Only the queue knows whom it gave a turn: after a reset there may be words that were meant for the run before.
          this.#standing = isTold(news) ? news : await asking();
        }
      });
    }
    if (this.#standing.is === 'refused') throw new StepFailed('busy', `It would have to wait ${behind(this.#standing.behind)}.`);
    if (this.#standing.is === 'superseded') throw new StepFailed('superseded', `A later one took its place while it waited: ${told(this.#standing.by)}.`);
  }

  /** Gives the turn back, or waits for none any more. Where the queue is gone, it is started again: others may be waiting. */
  async giveBack(): Promise<void> {
    if (this.#group === undefined || this.#standing?.is === 'refused' || this.#standing?.is === 'superseded') return;
    // What the run before a reset had is not this one's to give back: the queue clears up after that.
    const { workflowId, runId } = workflowInfo();
    const run = { workflowId, runId };
    try {
      await getExternalWorkflowHandle(queueWorkflowId(this.#group)).signal(leaveSignal, run);
    } catch {
      await quickly(`wake the queue of ${this.#group}`).leaveQueue(this.#group, run);
    }
  }

  /** Begins again from the start, with a turn of its own, since a reset took it. */
  async beginAgain(): Promise<never> {
    return continueAsNew(this.#input);
  }
}

/** Whether a step was refused because this run of the operation has no turn. */
export function isTurnLost(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure && cause.type === 'turn-lost';
}

/** What can be told as it is. Anybody may send a signal: of anything else the queue is asked. */
function isTold(news: TurnNews | undefined): news is Exclude<TurnNews, { is: 'called' }> {
  const others: unknown = news?.is === 'waiting' ? news.behind : news?.is === 'superseded' ? [news.by] : undefined;
  return Array.isArray(others) && others.every((one: Partial<QueuedOperation> | undefined) => typeof one?.askedAt === 'string');
}

const told = ({ operation, subject, requestedBy, askedAt }: QueuedOperation): string =>
  `the ${SPOKEN[operation] ?? operation} of ${subject} that ${requestedBy} asked for at ${askedAt.slice(0, 19).replace('T', ' ')} UTC`;

const behind = (others: QueuedOperation[]): string =>
  `behind ${listed(others.map((one) => (one.state === 'recovering' ? `what is put right after ${told(one)}, which was cut off` : told(one))))}`;
