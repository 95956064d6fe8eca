import type { SpecError } from '../spec/spec-error.ts';
import { ExitCode } from './exit-code.ts';

/** A command cannot do what it was asked; the message says why, and the way out. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;
  /** Errors of the spec, each at its place. */
  readonly errors: SpecError[];

  constructor(message: string, exitCode: ExitCode = ExitCode.refused, errors: SpecError[] = []) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
    this.errors = errors;
  }
}
