import { TITLE } from '../../contract/operation-words.ts';
import type { QueueView } from '../../contract/turn.ts';
import { paint } from '../output/paint.ts';
import { printable, printableLine } from '../../contract/printable.ts';
import { table } from '../output/table.ts';
import { duration } from '../output/time.ts';

export interface GroupQueue {
  group: string;
  operations: QueueView;
}

const STATE = { waiting: 'waits', called: 'its turn', holding: 'under way', recovering: 'cut off' } as const;

/** The queues of groups, for a person: who has a turn, and who waits behind whom. @param now milliseconds since the epoch. */
export function renderQueues(queues: GroupQueue[], now: number): string {
  if (queues.length === 0) return 'No group has a queue: no operation has been started yet.';
  return queues.map((queue) => [paint('bold', printable(queue.group)), renderQueue(queue, now).replace(/^/gm, '  ')].join('\n')).join('\n\n');
}

function renderQueue({ operations }: GroupQueue, now: number): string {
  if (operations.length === 0) return 'Nobody has a turn or waits for one.';
  const numbers = new Map(operations.map(({ workflowId, runId }, index) => [`${workflowId} ${runId}`, index + 1]));
  const since = (time: string) => duration(Math.max(0, now - Date.parse(time)) / 1000);
  return table(
    ['', 'state', 'for', 'operation', 'by', 'behind', 'id'],
    operations.map(({ state, heldSince, askedAt, operation, subject, requestedBy, behind, workflowId, runId }) => [
      String(numbers.get(`${workflowId} ${runId}`)),
      state === 'recovering' ? paint('red', STATE[state]) : STATE[state],
      since(heldSince ?? askedAt),
      printableLine(`${TITLE[operation] ?? operation} ${subject}`, 60),
      printableLine(requestedBy, 40),
      behind.map((other) => numbers.get(`${other.workflowId} ${other.runId}`) ?? '?').join(', '),
      printableLine(workflowId),
    ]),
  );
}
