import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';

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

/** @param summary what Temporal's page shows beside the activity. */
export const quick = (summary: string): Activities => proxyActivities<Activities>({ ...QUICK, summary });

/** @param summary what Temporal's page shows beside the activity. */
export const run = (summary: string): Activities => proxyActivities<Activities>({ ...RUN, summary });
