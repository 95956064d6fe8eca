import {
  allHandlersFinished,
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  executeChild,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { attributesOf, memoOf } from '../contract/listing.ts';
import { ASK_UPDATE, LEAVE_SIGNAL, QUEUE_QUERY, recoverWorkflowId, TURN_SIGNAL, WorkflowType } from '../contract/names.ts';
import type { Ask, OperationRun, QueuedOperation, QueueView, Standing, TurnNews } from '../contract/turn.ts';
import { checkAsk } from './check-ask.ts';
import { describeQueue } from './describe.ts';
import { Line, type Place } from './line.ts';
import { quickly, watching } from './profiles.ts';
import type { recover } from './recover.ts';

/** Input of the workflow `queue`. */
export interface QueueInput {
  group: string;
  /** The line as the run before left it; absent: operations that run are looked for. */
  places?: Place[];
  /** Events of history after which it goes on as a new run. */
  longest?: number;
}

const LONGEST = 2000;
/** How often clearing up is begun, and the pause between, before the next operation, which looks for itself, is let in all the same. */
const RECOVERIES = 3;
const PAUSE = '10 seconds';

const askUpdate = defineUpdate<Standing, [Ask]>(ASK_UPDATE);
const leaveSignal = defineSignal<[OperationRun]>(LEAVE_SIGNAL);
const queueQuery = defineQuery<QueueView>(QUEUE_QUERY);
const turnSignal = defineSignal<[TurnNews]>(TURN_SIGNAL);

/**
 * Keeps the order of a group's operations, for as long as there is one: gives turns, tells those that wait, watches those that have
 * one, and clears up after those that were cut off before the next is let in.
 */
export async function queue({ group, places, longest = LONGEST }: QueueInput): Promise<void> {
  const line = new Line(places);
  const left: OperationRun[] = [];
  const asking = new Set<string>();
  let ready = places !== undefined;
  /** What must have ended before this run of the queue does: signals that are on their way, and clearing up. */
  let busy = 0;
  const watched = new Set<string>();
  const recovering = new Set<string>();
  const lastTold = new Map<string, string>();
  let changed = true;
  const now = () => new Date().toISOString();

  const doing = (work: () => Promise<unknown>): void => {
    busy++;
    void unlessCancelled(work()).finally(() => busy--);
  };

  /** Does what follows from changes of the line. */
  const settle = (): void => {
    changed = false;
    for (const called of line.call(now())) doing(() => call(called));
    for (const run of line.watched) void unlessCancelled(watch(run));
    for (const dead of line.cutOff) if (!recovering.has(keyOf(dead))) doing(() => clearUp(dead));
    for (const { who, behind } of line.waiting()) {
      const text = JSON.stringify(behind.map(keyOf));
      const known = lastTold.get(keyOf(who));
      lastTold.set(keyOf(who), text);
      if (known !== undefined && known !== text) doing(() => tell(who, { is: 'waiting', behind }));
    }
    setCurrentDetails(describeQueue(line.view));
  };

  /** False where nobody is there to be told. */
  const tell = async ({ workflowId }: OperationRun, news: TurnNews): Promise<boolean> => {
    try {
      await getExternalWorkflowHandle(workflowId).signal(turnSignal, news);
      return true;
    } catch (error) {
      if (isCancellation(error)) throw error;
      return false;
    }
  };

  const call = async (run: OperationRun): Promise<void> => {
    if (await tell(run, { is: 'called' })) return;
    line.leave(run);
    changed = true;
  };

  const watch = async (run: OperationRun): Promise<void> => {
    if (watched.has(keyOf(run))) return;
    watched.add(keyOf(run));
    const end = await watching(`the end of ${run.workflowId}`).untilClosed(run);
    watched.delete(keyOf(run));
    line.closed(run, end);
    // It waits for a turn that was given to its former self.
    if (end.next !== undefined) doing(() => tell(run, { is: 'called' }));
    changed = true;
  };

  const clearUp = async (dead: QueuedOperation): Promise<void> => {
    recovering.add(keyOf(dead));
    for (let tries = 1; tries <= RECOVERIES; tries++) {
      try {
        await executeChild<typeof recover>(WorkflowType.recover, {
          workflowId: recoverWorkflowId(dead.workflowId, dead.runId),
          args: [dead],
          // It works on hosts: a queue that is ended must not end it half-way.
          parentClosePolicy: ParentClosePolicy.ABANDON,
          cancellationType: ChildWorkflowCancellationType.ABANDON,
          staticSummary: `Clear up after ${dead.workflowId}`,
          memo: memoOf(dead),
          typedSearchAttributes: attributesOf(group, dead.subject),
        });
        break;
      } catch (error) {
        // Of the queue, that is: one that somebody cancelled was not done, whatever it is to him.
        if (CancellationScope.current().consideredCancelled) throw error;
        log.warn(`${dead.workflowId} could not be cleared up after: ${(error as Error).message}`);
        if (tries < RECOVERIES) await sleep(PAUSE);
      }
    }
    recovering.delete(keyOf(dead));
    line.recovered(dead);
    changed = true;
  };

  setHandler(
    askUpdate,
    async (ask) => {
      asking.add(ask.workflowId);
      await atTheEnd();
      await condition(() => ready);
      const { standing, superseded } = line.ask(ask, now());
      const by = { ...queuedOf(ask), state: standing.is === 'held' ? ('holding' as const) : ('waiting' as const) };
      for (const one of superseded) doing(() => tell(one, { is: 'superseded', by }));
      changed = true;
      return standing;
    },
    { validator: checkAsk },
  );
  setHandler(leaveSignal, (run: Partial<OperationRun> | undefined) => {
    // Anybody may send a signal, and none can be refused.
    if (!isRun(run)) return;
    if (!ready) left.push(run);
    line.leave(run);
    changed = true;
  });
  setHandler(queueQuery, () => line.view);

  if (!ready) {
    // The queue of before may have been ended by hand: nobody may be overtaken who still has a turn.
    const found = await quickly('who is under way').findOperations(group);
    const present = found.filter((one) => !left.some((gone) => keyOf(gone) === keyOf(one)));
    line.adopt(present, now());
    ready = true;
    for (const one of present) if (!asking.has(one.workflowId)) doing(() => tell(one, { is: 'called' }));
  }
  const isLong = () => workflowInfo().historyLength >= longest || workflowInfo().continueAsNewSuggested;
  const mayEnd = () => isLong() && busy === 0 && allHandlersFinished();
  while (changed || !mayEnd()) {
    if (changed) settle();
    else await condition(() => changed || mayEnd());
  }
  await continueAsNew<typeof queue>({ group, places: [...line.places], longest });
}

/**
 * Waits until all else has been taken in that is known by now. What came in workflow tasks of their own may come together when the
 * history is read again, and then in an order of its own: an ask must get the same answer, whichever way.
 */
async function atTheEnd(): Promise<void> {
  // The first one ends among the jobs of an activation, the second when everything that these set off has come to rest.
  for (let rounds = 0; rounds < 2; rounds++) {
    let asked = false;
    await condition(() => asked || !(asked = true));
  }
}

/** A queue that is cancelled ends; the next operation that asks starts it again. */
async function unlessCancelled(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
}

const queuedOf = ({ turn: _, ...ask }: Ask): Omit<Ask, 'turn'> => ask;

const isRun = (run: Partial<OperationRun> | undefined): run is OperationRun => typeof run?.workflowId === 'string' && typeof run.runId === 'string';

const keyOf = ({ workflowId, runId }: OperationRun): string => `${workflowId} ${runId}`;
