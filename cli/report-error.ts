import { obstacleInQuery } from '../client/obstacle.ts';
import { redact } from '../contract/bug-report/redact.ts';
import { FAILURES, isFailureType } from '../contract/failures.ts';
import { SearchAttribute } from '../contract/names.ts';
import type { SpecError } from '../spec/spec-error.ts';
import { CommandError } from './command-error.ts';
import { ExitCode } from './exit-code.ts';
import { printable } from '../contract/printable.ts';

/** An error as a person or a program gets it. */
export interface ReportedError {
  exitCode: ExitCode;
  message: string;
  /** A type of the ledger, where it is one. */
  type?: string;
  /** Errors of the spec, each at its place. */
  errors?: SpecError[];
  /** With a bug, where more is kept of it. */
  report?: string;
}

const UNREACHABLE_GRPC_CODES = new Set([1, 4, 7, 14, 16]);

/**
 * Puts any error into a sentence, and the exit code that goes with it. Errors are told apart by name, so that
 * a command that needs no Temporal client does not load one to fail.
 */
export function reportedError(error: unknown): ReportedError {
  if (error instanceof CommandError) return { exitCode: error.exitCode, message: error.message, ...(error.errors.length > 0 && { errors: error.errors }) };
  const chain = causes(error);
  const failure = chain.find((cause): cause is Error & { type: string } => cause.name === 'ApplicationFailure' && isFailureType(String((cause as { type?: string }).type)));
  if (failure && isFailureType(failure.type)) {
    return { exitCode: ExitCode.failed, type: failure.type, message: `${printable(failure.message)}\nWhat to do: ${FAILURES[failure.type].remedy}` };
  }
  const outer = chain[0];
  if (!outer) return bug(`an error that says nothing of itself: ${String(error)}`);
  if (outer.name === 'DecisionRefused') return { exitCode: ExitCode.refused, message: `It was not taken: ${printable(outer.message)}` };
  if (outer.name === 'OperationUnderWay') return { exitCode: ExitCode.refused, message: printable(outer.message) };
  if (outer.name === 'UnknownNameError') return { exitCode: ExitCode.refused, message: `The spec has ${printable(outer.message)}` };
  if (outer.name === 'ConnectError' || outer.name === 'LocalServiceError') return { exitCode: ExitCode.unreachable, message: printable(outer.message) };
  if (isUnreachable(error)) {
    return { exitCode: ExitCode.unreachable, message: `Temporal does not answer: ${printable(innermost(chain))}. See "musher service status", or check TEMPORAL_ADDRESS.` };
  }
  if (chain.some(obstacleInQuery)) {
    return { exitCode: ExitCode.failed, message: 'The worker cannot go on with this operation: it runs another version of Musher than the one that it was begun with. "musher status" says what can be done.' };
  }
  if (isAnswer(error)) {
    return { exitCode: ExitCode.failed, message: `Temporal refused it: ${printable(innermost(chain))}. See "musher service status" and "musher service logs server", or check TEMPORAL_NAMESPACE and the rights of its key.` };
  }
  if (outer.name === 'WorkflowFailedError') {
    return {
      exitCode: ExitCode.failed,
      message: `The worker met what Musher has no name for: ${printable(innermost(chain))}. What it says is in "musher service logs"; look at the servers with "musher status --live".`,
    };
  }
  const system = chain.find((cause): cause is NodeJS.ErrnoException => 'syscall' in cause && typeof (cause as NodeJS.ErrnoException).code === 'string');
  if (system) return { exitCode: ExitCode.failed, message: `This machine refused it: ${printable(system.message)}. ${REMEDIES[system.code!] ?? 'Look at what the message names, then run it again.'}` };
  return bug(chain.map((cause) => cause.message).join(': '));
}

/** What the system says most often when it cannot go on. */
const REMEDIES: Record<string, string> = {
  ENOSPC: 'A disk is full: make room (old runs and artifacts are in the state folder), then run it again.',
  EDQUOT: 'Your quota is used up: make room, then run it again.',
  EACCES: 'Look at the permissions of what it names, and who you are ("id").',
  EPERM: 'Look at the permissions of what it names, and who you are ("id").',
  EROFS: 'It is on a file system that cannot be written: set MUSHER_HOME to a folder that can.',
  EMFILE: 'Too many files are open: raise the limit ("ulimit -n"), then run it again.',
  ENOMEM: 'The machine has too little memory free: end something, then run it again.',
};

const bug = (what: string): ReportedError => ({ exitCode: ExitCode.bug, message: `A bug in Musher: ${printable(redact(what))}` });

/** Whether Temporal answered, and said no. */
const isAnswer = (error: unknown): boolean => causes(error).some((cause) => typeof (cause as { code?: unknown }).code === 'number' && 'metadata' in cause);

/** Whether the server could not be asked, as opposed to having answered no. */
export const isUnreachable = (error: unknown): boolean =>
  causes(error).some((cause) => UNREACHABLE_GRPC_CODES.has((cause as { code?: unknown }).code as number) && 'metadata' in cause);

const INVALID_ARGUMENT = 3;

/** Whether the server refused something because its namespace does not know our search attributes. */
export const lacksSearchAttributes = (error: unknown): boolean =>
  causes(error).some((cause) => {
    const { code, details } = cause as { code?: unknown; details?: unknown };
    return code === INVALID_ARGUMENT && /search attribute/.test(String(details)) && Object.values(SearchAttribute).some((name) => String(details).includes(name));
  });

function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let cause = error; cause instanceof Error && chain.length < 20; cause = cause.cause) chain.push(cause);
  return chain;
}

const innermost = (chain: Error[]): string => {
  const last = chain.at(-1)!;
  return (last as { details?: string }).details || last.message;
};
