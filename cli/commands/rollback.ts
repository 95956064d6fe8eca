import { CommandError } from '../command-error.ts';
import type { ExitCode } from '../exit-code.ts';
import type { Asked } from '../program.ts';
import { parseSubject } from '../subject.ts';
import { withClient } from '../with-client.ts';
import { answerQuestion, operationUnderWay, questionOf } from './decide.ts';
import { start, whatIsAsked, type OperateOptions } from './operate.ts';

export interface RollbackOptions extends OperateOptions {
  paused?: boolean;
}

/**
 * `musher rollback`: answers the operation of the environment that is paused, and otherwise starts one.
 *
 * With `--paused` it never starts one: the pause may have ended just before, and a roll back would then go one release further back.
 */
export async function rollback(asked: Asked & { operation: 'rollBack' }, options: RollbackOptions): Promise<ExitCode> {
  const { subject } = parseSubject(asked.subject);
  const named = asked.release !== undefined ? '--to' : options.plan !== undefined ? '--plan' : undefined;
  if (options.paused && named) throw new CommandError(`--paused answers an operation, and ${named} is for a new one. Leave one of them out.`);
  // What is wrong with the command line is told before anything is started.
  const request = options.paused ? undefined : await whatIsAsked(asked, options);
  const json = !!options.json;
  const answered = await withClient({ json }, async (connected) => {
    const handle = await operationUnderWay(connected, subject);
    const question = handle && (await questionOf(connected, handle, json));
    if (!question) return undefined;
    if (question.about === 'approval') throw new CommandError(`${subject} waits for an approval, and has changed nothing. Say "musher approve ${subject}", or "musher abort ${subject}".`);
    if (named) throw new CommandError(`${subject} has an operation that is paused, and ${named} is for a new one. "musher rollback ${subject} --paused" undoes what it did.`);
    return answerQuestion(connected, { handle, question, subject, answer: { decision: 'rollback' } }, json);
  });
  if (answered !== undefined) return answered;
  if (!request) throw new CommandError(`${subject} is not paused: there is nothing to decide. "musher status ${subject}" tells how it stands.`);
  return start(request, options);
}
