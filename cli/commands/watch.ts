import type { MusherClient, OperationSummary } from '../../client/musher-client.ts';
import { CommandError } from '../command-error.ts';
import type { ExitCode } from '../exit-code.ts';
import { latestOperation, unknownOperation } from '../latest-operation.ts';
import { printEvent } from '../output/print.ts';
import { parseSubject } from '../subject.ts';
import { pageOf, takeUp } from '../take-up.ts';
import { withClient } from '../with-client.ts';

/** `musher watch`: of a subject, the operation that has its turn, else the one that waits longest, else the end of the last one; without, the only one under way. */
export async function watch(text: string | undefined, { json = false }: { json?: boolean }): Promise<ExitCode> {
  if (text !== undefined) parseSubject(text);
  return withClient({ json, waitForWorker: false }, async (connected) => {
    const found = text === undefined ? await onlyOneUnderWay(connected.client) : await latestOperation(connected.client, text);
    if (!found) throw unknownOperation(text!);
    const { operation, subject, workflowId, runId } = found;
    const handle = await connected.client.operation(workflowId, runId);
    if (json) printEvent({ event: 'watching', operation, subject, workflowId, runId, ...(connected.webUrl && { webUrl: pageOf(connected.webUrl, handle) }) });
    return takeUp(connected, handle, text ?? subject, json);
  });
}

async function onlyOneUnderWay(client: MusherClient): Promise<OperationSummary> {
  const running: OperationSummary[] = [];
  for await (const operation of client.operations()) if (operation.state === 'RUNNING') running.push(operation);
  if (running.length === 1) return running[0]!;
  if (running.length === 0) throw new CommandError('No operation is under way. "musher status" shows how the last ones ended.');
  throw new CommandError(`${running.length} operations are under way; say which: ${running.map(({ workflowId }) => `musher watch ${workflowId}`).join(', ')}.`);
}
