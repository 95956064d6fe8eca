import { FAILURES, isFailureType } from '../contract/failures.ts';
import { SearchAttribute } from '../contract/names.ts';
import type { SpecError } from '../spec/spec-error.ts';
import { CommandError } from './command-error.ts';
import { ExitCode } from './exit-code.ts';
import { printable } from './output/printable.ts';

/** An error as a person or a program gets it. */
export interface ReportedError {
  exitCode: ExitCode;
  message: string;
  /** A type of the ledger, where it is one. */
  type?: string;
  /** Errors of the spec, each at its place. */
  errors?: SpecError[];
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
  if (!outer) return { exitCode: ExitCode.failed, message: `An error that says nothing of itself: ${printable(String(error))}` };
  if (outer.name === 'OperationUnderWay') return { exitCode: ExitCode.refused, message: printable(outer.message) };
  if (outer.name === 'UnknownNameError') return { exitCode: ExitCode.refused, message: `The spec has ${printable(outer.message)}` };
  if (outer.name === 'ConnectError' || outer.name === 'LocalServiceError') return { exitCode: ExitCode.unreachable, message: printable(outer.message) };
  if (isUnreachable(error)) {
    return { exitCode: ExitCode.unreachable, message: `Temporal does not answer: ${printable(innermost(chain))}. See "musher service status", or check TEMPORAL_ADDRESS.` };
  }
  return { exitCode: ExitCode.failed, message: `${printable(chain.map((cause) => cause.message).join(': '))}\nRun it again with MUSHER_DEBUG=1 to see where this comes from.` };
}

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
