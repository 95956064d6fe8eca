import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { TurnActivities } from '../activities/turns/index.ts';
import { TURN_TASK_QUEUE } from '../contract/names.ts';

/** Hears of a dead worker within 5 s; a cancel arrives within 4 s (heartbeats are throttled to 80 % of the time-out). */
const HEARTBEAT = '5 seconds';

/** What asks the world nothing, or a file: over in a moment. */
const QUICK: ActivityOptions = { startToCloseTimeout: '1 minute', retry: { maximumAttempts: 5 } };

/**
 * Runs of Ansible and builds. They have time limits of their own, by what they do; this one only ends what got
 * lost altogether. A new attempt takes the run up where it is. Undoing waits until a cancelled run has ended.
 */
const RUN: ActivityOptions = {
  startToCloseTimeout: '48 hours',
  heartbeatTimeout: HEARTBEAT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1 second', backoffCoefficient: 1, maximumAttempts: 50 },
};

/** Asks Temporal, for as long as it takes: without an answer nothing may begin. */
const TURNS: ActivityOptions = {
  taskQueue: TURN_TASK_QUEUE,
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds' },
};

/** Waits, for days where it must. A worker that is gone is noticed by the heartbeat, and the next one goes on waiting. */
const WATCH: ActivityOptions = {
  taskQueue: TURN_TASK_QUEUE,
  startToCloseTimeout: '7 days',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 1 },
};

/** @param summary what Temporal's page shows beside the activity. */
export const quickly = (summary: string): TurnActivities => proxyActivities<TurnActivities>({ ...TURNS, summary });

/** @param summary what Temporal's page shows beside the activity. */
export const watching = (summary: string): Pick<TurnActivities, 'untilClosed'> => proxyActivities<TurnActivities>({ ...WATCH, summary });

/** @param summary what Temporal's page shows beside the activity. */
export const quick = (summary: string): Activities => proxyActivities<Activities>({ ...QUICK, summary });

/** @param summary what Temporal's page shows beside the activity. */
export const run = (summary: string): Activities => proxyActivities<Activities>({ ...RUN, summary });
