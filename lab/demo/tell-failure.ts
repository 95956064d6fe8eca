import { relative } from 'node:path';
import { ExecaError } from 'execa';
import { place } from './place.ts';

/** A command of Musher's that a demo typed, and that did not succeed. Its own output has been shown. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';
  readonly words: readonly string[];

  constructor(words: readonly string[], how: string) {
    super(`"musher ${words.join(' ')}" ${how}.`);
    this.words = words;
  }
}

/** A failure as its reader needs it: what failed, and where more is said of it. */
export function tellFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof CommandFailed) return `${error.message}\n${logsOf(error.words).join('\n')}`;
  if (error instanceof ExecaError) {
    // Undefined where it went to the terminal.
    const said: unknown = error.stderr;
    return `${error.shortMessage}\n${typeof said === 'string' ? said.slice(-2000) : ''}`.trim();
  }
  return error.message;
}

function logsOf([operation, subject]: readonly string[]): string[] {
  const here = (path: string): string => relative(process.cwd(), path);
  const musher = `MUSHER_HOME=${here(place.home)} ${here(place.bin)}`;
  return [
    ...(subject !== undefined && ['provision', 'deploy', 'rollback', 'watch'].includes(operation!) ? [`  What Ansible said: ${musher} logs ${subject} -f ${here(place.spec)}`] : []),
    `  What the server and the worker said: ${musher} service logs`,
  ];
}
