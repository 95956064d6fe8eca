import { FAILURES, type FailureType, isFailureType } from '../../contract/failures.ts';
import { suggestName } from '../../spec/suggest.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import { paint } from '../output/paint.ts';
import { print, printDocument } from '../output/print.ts';

const AGAIN = { host: 'asked again on the servers concerned', run: 'run again by itself', never: 'not asked again' } as const;

/** `musher explain` */
export async function explain(type: string | undefined, { json }: { json?: boolean }): Promise<ExitCode> {
  const all = Object.keys(FAILURES) as FailureType[];
  if (type !== undefined && !isFailureType(type)) throw new CommandError(`There is no failure ${JSON.stringify(type)}; ${ended(suggestName(type, all, 'failure'))} "musher explain" tells all.`);
  const types = type === undefined ? all : [type];
  if (json) printDocument(type === undefined ? types.map(entry) : entry(type));
  else print(types.map(text).join('\n\n'));
  return ExitCode.done;
}

/** A question has its mark already. */
const ended = (text: string): string => (text.endsWith('?') ? text : `${text}.`);

const entry = (type: FailureType) => ({ type, ...FAILURES[type] });

function text(type: FailureType): string {
  const { meaning, retry, remedy } = FAILURES[type];
  return `${paint('bold', type)} (${AGAIN[retry]})\n${meaning}\nWhat to do: ${remedy}`;
}
