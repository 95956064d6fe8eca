import type { Client } from '@temporalio/client';
import { askTurn, leaveQueue } from './ask-turn.ts';
import { findInterrupted } from './find-interrupted.ts';
import { findOperations } from './find-operations.ts';
import { untilClosed } from './until-closed.ts';

export type TurnActivities = ReturnType<typeof createTurnActivities>;

/**
 * What the queues of the groups are made of, beside their workflow: all of it asks Temporal.
 *
 * @param inputKey key that requests must be signed with; left out where Temporal's own authorization decides.
 */
export function createTurnActivities(client: Client, inputKey?: Buffer) {
  return {
    askTurn: askTurn.bind(null, client),
    leaveQueue: leaveQueue.bind(null, client),
    findOperations: findOperations.bind(null, client),
    untilClosed: untilClosed.bind(null, client),
    findInterrupted: findInterrupted.bind(null, client, inputKey),
  };
}
