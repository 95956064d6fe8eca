import { WorkflowType } from '../../contract/names.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import { latestOperation } from '../latest-operation.ts';
import { print, printDocument } from '../output/print.ts';
import { parseSubject } from '../subject.ts';
import { withClient } from '../with-client.ts';

/** `musher cancel` */
export async function cancel(text: string, { json }: { json?: boolean }): Promise<ExitCode> {
  const { subject } = parseSubject(text);
  return withClient({ json: !!json }, async ({ client }) => {
    const found = await latestOperation(client, text);
    if (found?.state !== 'RUNNING') throw new CommandError(`${text} has no operation under way: it has ended, or never began. "musher watch ${subject}" tells how the last one ended.`);
    if (found.operation === WorkflowType.recover) throw new CommandError(`${text} clears up after an operation that was cut off: it ends by itself, and whoever waits goes on then.`);
    const handle = await client.operation(found.workflowId, found.runId);
    await handle.cancel();
    if (json) printDocument({ subject, operation: found.operation, workflowId: found.workflowId, runId: found.runId, cancelRequested: true });
    else print(`The operation (${found.operation}) is asked to end; it undoes what it did. Follow it with "musher watch ${text}".`);
    return ExitCode.done;
  });
}
