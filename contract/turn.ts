import type { OperationResult } from './result.ts';

/** What an operation asks the queue of its group with. The same run may ask again and again: it gets the same turn. */
export interface Ask {
  workflowId: string;
  runId: string;
  operation: OperationResult['operation'];
  /** `shop/live`, or the group's name: then nobody else of the group may have a turn beside it. */
  subject: string;
  requestedBy: string;
  /** ISO 8601. */
  askedAt: string;
  turn?: TurnWish;
}

/**
 * `now`: at once, or not at all. `latest`: those of the same subject that wait before it end as superseded. Absent: it waits.
 */
export type TurnWish = 'now' | 'latest';

/** An operation in a queue, as others are told of it. */
export interface QueuedOperation extends Omit<Ask, 'turn'> {
  /** `called`: it is its turn, and it has not taken it up yet. `recovering`: it ended without giving its turn back. */
  state: 'waiting' | 'called' | 'holding' | 'recovering';
  /** ISO 8601; since when it has its turn. */
  heldSince?: string;
}

/** How an operation stands in its queue. */
export type Standing =
  /** It is its turn, given to this run of its workflow. */
  | { is: 'held'; runId: string }
  | { is: 'waiting'; behind: QueuedOperation[] }
  /** It did not want to wait. */
  | { is: 'refused'; behind: QueuedOperation[] }
  | { is: 'superseded'; by: QueuedOperation };

/** What the queue tells an operation that waits: to ask again, behind whom it is now, or that it was superseded. */
export type TurnNews = { is: 'called' } | Extract<Standing, { is: 'waiting' | 'superseded' }>;

/** Which run of an operation. */
export interface OperationRun {
  workflowId: string;
  runId: string;
}

/** The answer of a queue's query: those who have their turn and those who wait, in their order. */
export type QueueView = (QueuedOperation & { behind: OperationRun[] })[];

/** How a run of an operation ended. */
export interface RunEnd {
  /** Whether its own end was reached. False: it was terminated, timed out or reset, and told nobody. */
  byItself: boolean;
  /** The run of the same workflow that is open now: after a reset. */
  next?: string;
}
