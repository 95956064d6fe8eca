import type { Connected } from '../../client/connect.ts';
import { decisionOn, type Answer } from '../../client/decisions.ts';
import type { OperationHandle } from '../../client/operation-handle.ts';
import type { Question } from '../../contract/decision.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import { latestOperation } from '../latest-operation.ts';
import { print, printEvent } from '../output/print.ts';
import { parseSubject } from '../subject.ts';
import { tellWaiting } from '../tell-waiting.ts';
import { tellDecision } from '../views/render-question.ts';
import { withClient } from '../with-client.ts';

/** `musher retry|done|skip|abort|approve` */
export async function decide(text: string, answer: Answer, { json = false }: { json?: boolean }): Promise<ExitCode> {
  const { subject } = parseSubject(text);
  return withClient({ json }, async (connected) => {
    const handle = await operationUnderWay(connected, subject);
    if (!handle) throw new CommandError(`${subject} has no operation under way: it has ended, or never began. "musher watch ${subject}" tells how the last one ended.`);
    const question = await questionOf(connected, handle, json);
    if (!question) throw new CommandError(`${subject} asks nothing at the moment. "musher watch ${subject}" shows what it is doing.`);
    return answerQuestion(connected, { handle, question, subject, answer }, json);
  });
}

/** The operation of a subject that has not ended. */
export async function operationUnderWay({ client }: Connected, subject: string): Promise<OperationHandle | undefined> {
  const found = await latestOperation(client, subject);
  return found?.state === 'RUNNING' ? client.operation(found.workflowId, found.runId) : undefined;
}

export const questionOf = async (connected: Connected, handle: OperationHandle, quiet: boolean): Promise<Question | undefined> =>
  (await tellWaiting(connected, quiet, handle.progress())).question;

/** Sends an answer, and tells that it was taken. @throws {DecisionRefused} */
export async function answerQuestion(
  { sign }: Connected,
  { handle, question, subject, answer }: { handle: OperationHandle; question: Question; subject: string; answer: Answer },
  json: boolean,
): Promise<ExitCode> {
  const record = await handle.decide(sign(decisionOn(handle, question, answer)));
  if (json) printEvent({ event: 'decided', subject, workflowId: handle.workflowId, runId: handle.runId, decision: record });
  else print(`${tellDecision(record)} Follow it with "musher watch ${subject}".`);
  return ExitCode.done;
}
