import { newOperationId } from '../../client/operation-id.ts';
import { placeOf } from '../../contract/place.ts';
import { TASK_QUEUE, SearchAttribute, WorkflowType } from '../../contract/names.ts';
import type { OperationRequest } from '../../contract/requests.ts';
import { shellWord } from '../../contract/shell-word.ts';
import { ExitCode } from '../exit-code.ts';
import { print, printDocument } from '../output/print.ts';
import type { Asked } from '../program.ts';
import { requestOf } from '../request.ts';
import { withClient } from '../with-client.ts';

interface InputOptions {
  file?: string;
  json?: boolean;
  command?: boolean;
}

/** `musher input provision|deploy|rollback` */
export async function input(asked: Asked, { file, json, command }: InputOptions): Promise<ExitCode> {
  const request = await requestOf(asked, file);
  return withClient({ json: !!json, waitForWorker: false }, async ({ sign, address, namespace }) => {
    const signed = sign(request);
    const words = commandWords(signed, { address, namespace });
    if (!command) printDocument(signed);
    else if (json) printDocument({ command: words, input: signed });
    else print(words.map(shellWord).join(' '));
    return ExitCode.done;
  });
}

/** The command of Temporal's own CLI that starts the operation just as `musher` does. */
export function commandWords(request: OperationRequest, { address, namespace }: { address: string; namespace: string }): string[] {
  const { subject, group } = placeOf(request);
  const options = {
    address,
    namespace,
    type: WorkflowType[request.operation],
    'task-queue': TASK_QUEUE,
    // Of this operation alone: it is started once, and not again.
    'workflow-id': newOperationId(request),
    'id-conflict-policy': 'Fail',
    'id-reuse-policy': 'RejectDuplicate',
  };
  const texts = [
    ['search-attribute', `${SearchAttribute.group}=${JSON.stringify(group)}`],
    ['search-attribute', `${SearchAttribute.subject}=${JSON.stringify(subject)}`],
    ['memo', `requestedBy=${JSON.stringify(request.requestedBy)}`],
    ['input', JSON.stringify(request)],
  ];
  return ['temporal', 'workflow', 'start', ...[...Object.entries(options), ...texts].flatMap(([name, value]) => [`--${name}`, value!])];
}
