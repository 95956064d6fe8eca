import type { Ask, OperationRun, QueuedOperation, QueueView, RunEnd, Standing } from '../contract/turn.ts';

/** An operation in the line. */
export interface Place extends QueuedOperation {
  /** It was found running when the queue was started anew: whether it has its turn or only waits, it tells by asking. */
  adopted?: boolean;
  /** It takes the place of those of its subject that were asked for before it, also of those that come later. */
  latest?: boolean;
}

/** What an ask changes. */
export interface Answer {
  standing: Standing;
  /** Those whose place it took. */
  superseded: QueuedOperation[];
}

/**
 * The order of a group's operations: who has a turn, and who waits for one. Pure.
 *
 * An operation on the group has its turn alone; of an environment there is one at a time; those of different environments go side by
 * side. Nobody overtakes: who waits holds back whoever was asked for later and may not run beside it. That is the order of asking, not
 * of arrival: a worker that comes back takes up what was asked for meanwhile in any order.
 */
export class Line {
  /** Those who have a turn, or may have one, and then those who wait, in the order of asking. */
  readonly #places: Place[];

  constructor(places: readonly Place[] = []) {
    this.#places = places.map((place) => ({ ...place }));
  }

  /** As plain data, for the run that follows this one. */
  get places(): readonly Place[] {
    return this.#places;
  }

  get view(): QueueView {
    return this.#places.map((place) => ({ ...told(place), behind: this.#before(place).map(({ workflowId, runId }) => ({ workflowId, runId })) }));
  }

  /** Those whose end must be noticed: who has a turn, and who waits and holds back the whole group. */
  get watched(): OperationRun[] {
    const watched = this.#places.filter(({ state, subject }) => state === 'called' || state === 'holding' || (state === 'waiting' && isExclusive(subject)));
    // A copy: a place may pass to another run of its operation while the one of now is still watched.
    return watched.map(({ workflowId, runId }) => ({ workflowId, runId }));
  }

  /** Those that were cut off, and are to be cleared up after. */
  get cutOff(): QueuedOperation[] {
    return this.#places.filter(({ state }) => state === 'recovering').map(told);
  }

  /** Gives a turn, or a place; the same again to the run that asks again. @param at now, ISO 8601. */
  ask({ turn, ...ask }: Ask, at: string): Answer {
    const known = this.#find(ask);
    const former = this.#places.find(({ workflowId, runId, state }) => workflowId === ask.workflowId && runId !== ask.runId && state !== 'recovering');
    // It has no turn, and waits behind whoever may have one.
    if (known?.adopted) this.#places.splice(this.#places.indexOf(known), 1);
    else if (former && !known) this.#succeed(former, ask);
    let place = this.#find(ask);
    if (!place) {
      const askedAt = this.#wasCutOff(ask) ? at : notAfter(at, ask.askedAt);
      const by = this.#laterOne(ask.subject, askedAt);
      if (by) return { standing: { is: 'superseded', by: told(by) }, superseded: [] };
      place = this.#insert({ ...ask, askedAt, state: 'waiting', ...(turn === 'latest' && { latest: true }) });
    }
    const superseded = turn === 'latest' && place.state === 'waiting' ? this.#supersede(place) : [];
    const behind = this.#before(place);
    if (place.state === 'waiting' && behind.length > 0) {
      if (turn !== 'now') return { standing: { is: 'waiting', behind: behind.map(told) }, superseded };
      this.leave(place);
      return { standing: { is: 'refused', behind: behind.map(told) }, superseded };
    }
    if (place.state !== 'holding') this.#giveTurn(place, 'holding', at);
    return { standing: { is: 'held', runId: place.runId }, superseded };
  }

  /** Takes in operations that run, before anybody is served: each is taken to have its turn until it asks. */
  adopt(found: readonly Omit<Ask, 'turn'>[], at: string): void {
    for (const one of found) this.#places.push({ ...one, state: 'holding', heldSince: at, adopted: true });
  }

  /** A turn is given back, or waited for no more. */
  leave(run: OperationRun): void {
    const index = this.#places.findIndex((place) => isSame(place, run) && place.state !== 'recovering');
    if (index >= 0) this.#places.splice(index, 1);
  }

  /** A run has closed. Who had begun and was cut off stays in the line until it has been cleared up after. */
  closed(run: OperationRun, { byItself }: Pick<RunEnd, 'byItself'>): void {
    const place = this.#find(run);
    if (place?.state === 'holding' && !byItself && place.operation !== 'recover') place.state = 'recovering';
    else this.leave(run);
  }

  /** It has been cleared up after a run. */
  recovered(run: OperationRun): void {
    const index = this.#places.findIndex((place) => isSame(place, run) && place.state === 'recovering');
    if (index >= 0) this.#places.splice(index, 1);
  }

  /** Those that waited and whose turn it is now: each is told once. */
  call(at: string): QueuedOperation[] {
    const called = this.#places.filter((place) => place.state === 'waiting' && this.#before(place).length === 0);
    for (const place of called) this.#giveTurn(place, 'called', at);
    return called.map(told);
  }

  /** Those that wait, and the nearest before each that it waits for. */
  waiting(): { who: QueuedOperation; behind: QueuedOperation[] }[] {
    return this.#places.filter(({ state }) => state === 'waiting').map((place) => ({ who: told(place), behind: this.#before(place).map(told) }));
  }

  #find(run: OperationRun): Place | undefined {
    return this.#places.find((place) => isSame(place, run));
  }

  /** Among those who wait, by when it was asked for. */
  #insert(place: Place): Place {
    this.#putBefore((other) => other.state === 'waiting' && other.askedAt > place.askedAt, place);
    return place;
  }

  /** Behind those who have a turn, before all who wait: no one who was asked for earlier and comes later gets before it. */
  #giveTurn(place: Place, state: 'called' | 'holding', at: string): void {
    if (place.state === 'waiting') {
      this.#places.splice(this.#places.indexOf(place), 1);
      this.#putBefore((other) => other.state === 'waiting', place);
    }
    Object.assign(place, { state, heldSince: place.heldSince ?? at });
  }

  #putBefore(isNext: (other: Place) => boolean, place: Place): void {
    const next = this.#places.findIndex(isNext);
    this.#places.splice(next < 0 ? this.#places.length : next, 0, place);
  }

  /** One that was to take the place of whatever was asked for before it. */
  #laterOne(subject: string, askedAt: string): Place | undefined {
    return this.#places.find((place) => place.latest && place.subject === subject && place.state !== 'recovering' && place.askedAt > askedAt);
  }

  /** Whether an earlier run of it had its turn: a reset has it begin again, at the end of the line. */
  #wasCutOff({ workflowId }: OperationRun): boolean {
    return this.#places.some((place) => place.workflowId === workflowId && place.state === 'recovering');
  }

  /** A reset made another run of an operation: one that waited keeps its place, one that had its turn was cut off. */
  #succeed(former: Place, { runId }: OperationRun): void {
    if (former.state === 'holding') {
      delete former.adopted;
      former.state = 'recovering';
    } else former.runId = runId;
  }

  #supersede(latest: Place): QueuedOperation[] {
    const end = this.#places.indexOf(latest);
    const superseded = this.#places.slice(0, end).filter(({ state, subject }) => state === 'waiting' && subject === latest.subject);
    for (const place of superseded) this.leave(place);
    return superseded.map(told);
  }

  /** The nearest before a place that it waits for: whoever is before these, they wait for themselves. */
  #before(place: Place): Place[] {
    if (place.state !== 'waiting') return [];
    const earlier = this.#places.slice(0, this.#places.indexOf(place));
    if (!isExclusive(place.subject)) {
      const last = earlier.findLast(({ subject }) => subject === place.subject || isExclusive(subject));
      return last ? [last] : [];
    }
    const last = earlier.findLastIndex(({ subject }) => isExclusive(subject));
    const since = earlier.slice(last + 1);
    // Of each environment the last one, which waits for those before it; the exclusive one before all of them, where none came since.
    const nearest = since.filter(({ subject }, index) => since.findLastIndex((other) => other.subject === subject) === index);
    return nearest.length > 0 ? nearest : earlier.slice(last, last + 1);
  }
}

/** A group has no slash in its name, an environment has. */
const isExclusive = (subject: string): boolean => !subject.includes('/');

/** When it was asked for, as a time that compares: nobody asks in the future, whatever a client says. @param now ISO 8601. */
function notAfter(now: string, said: string): string {
  const time = Date.parse(said);
  return new Date(Number.isNaN(time) ? now : Math.min(time, Date.parse(now))).toISOString();
}

const isSame = (one: OperationRun, other: OperationRun): boolean => one.workflowId === other.workflowId && one.runId === other.runId;

const told = ({ adopted: _adopted, latest: _latest, ...place }: Place): QueuedOperation => place;
