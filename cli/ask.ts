import { createInterface } from 'node:readline/promises';
import { CommandError } from './command-error.ts';
import { ExitCode } from './exit-code.ts';

/** Whether somebody is there to be asked. */
export const canAsk = (): boolean => process.stdin.isTTY && process.stdout.isTTY;

/** Asks in the terminal. @returns the answer, trimmed. @throws {CommandError} Ctrl-C, or the end of the input. */
export async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await new Promise((resolve, reject) => {
      lines.once('close', () => reject(new CommandError('Stopped before the last question was answered.', ExitCode.letGo)));
      lines.question(question).then((answer) => resolve(answer.trim()), reject);
    });
  } finally {
    lines.close();
  }
}

/** A question that only a clear yes answers with yes. */
export const askYesNo = async (question: string): Promise<boolean> => /^y(es)?$/i.test(await ask(`${question} [y/N] `));
