import type { MusherClient, OperationSummary } from '../client/musher-client.ts';
import { CommandError } from './command-error.ts';
import { within } from './within.ts';
import { parseSubject } from './subject.ts';

/** A worker that runs answers in some tens of milliseconds. */
const ANSWER_MS = 2_000;

/**
 * The operation that is meant by a subject: the one that has its turn, else the one that waits longest, else the last one; or by an
 * operation's own id. Undefined where there never was one.
 */
export async function latestOperation(client: MusherClient, text: string): Promise<OperationSummary | undefined> {
  const { subject, workflowId } = parseSubject(text);
  if (workflowId !== undefined) return known(client, workflowId);
  const open: OperationSummary[] = [];
  let last: OperationSummary | undefined;
  for await (const operation of client.operations(subject)) {
    if (operation.state === 'RUNNING') open.push(operation);
    else last ??= operation;
    // Newest first: whoever is under way or waits was started after what has ended, but for what overtook while it waited.
    if (last && operation.startedAt.getTime() < last.startedAt.getTime() - LONGEST_WAIT_MS) break;
  }
  return (await firstInLine(client, open)) ?? last;
}

/** Operations that wait longer than this behind one that was started later are not looked for by their subject. */
const LONGEST_WAIT_MS = 24 * 3600_000;

/** Of operations that have not ended the one that has its turn; else the oldest. */
async function firstInLine(client: MusherClient, open: OperationSummary[]): Promise<OperationSummary | undefined> {
  const oldest = open.at(-1);
  if (open.length < 2) return oldest;
  const group = open.find(({ group: name }) => name !== '')?.group ?? '';
  // Turns of a subject are given in the order of asking, so that the oldest that has not ended has its turn: all that is known where no worker answers.
  const queue = (await within(client.queue(group).catch(() => []), ANSWER_MS)) ?? [];
  const serving = queue.find(({ workflowId, state }) => state !== 'waiting' && open.some((operation) => operation.workflowId === workflowId));
  return open.find(({ workflowId }) => workflowId === serving?.workflowId) ?? oldest;
}

async function known(client: MusherClient, workflowId: string): Promise<OperationSummary | undefined> {
  try {
    return await client.describe(workflowId);
  } catch (error) {
    if ((error as Error).name === 'WorkflowNotFoundError') return undefined;
    throw error;
  }
}

export function unknownOperation(text: string): CommandError {
  const { subject, workflowId } = parseSubject(text);
  const [what, verb] = [workflowId ? `No operation ${workflowId}` : `No operation on ${subject}`, subject.includes('/') ? 'deploy' : 'provision'];
  return new CommandError(`${what} is known. Check the name with "musher status", or start one with "musher ${verb} ${subject}".`);
}
