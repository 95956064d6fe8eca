import { LABEL } from '../../spec/text/label.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import { print, printDocument } from '../output/print.ts';
import { tellWaiting } from '../tell-waiting.ts';
import { renderQueues, type GroupQueue } from '../views/render-queues.ts';
import { withClient } from '../with-client.ts';

/** `musher queue` */
export async function queue(group: string | undefined, { json }: { json?: boolean }): Promise<ExitCode> {
  if (group !== undefined && !LABEL.test(group)) throw new CommandError(`${JSON.stringify(group)} is no group: queues are those of groups. "musher status" names the groups of the spec.`);
  return withClient({ json: !!json }, async (connected) => {
    const { client } = connected;
    const groups = group === undefined ? await client.queues() : [group];
    const found = groups.map(async (name): Promise<GroupQueue> => ({ group: name, operations: await client.queue(name) }));
    const queues = await tellWaiting(connected, !!json, Promise.all(found));
    if (json) printDocument({ version: 1, queues });
    else print(renderQueues(queues, Date.now()));
    return ExitCode.done;
  });
}
