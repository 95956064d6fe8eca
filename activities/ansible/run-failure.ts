import type { FailureType } from '../../contract/failures.ts';

/** A failure of a whole run; what concerns single hosts is data in the outcome. */
export class RunFailure extends Error {
  override name = 'RunFailure';
  readonly type: FailureType;

  constructor(type: FailureType, message: string, options?: ErrorOptions) {
    super(message, options);
    this.type = type;
  }
}

/** The waiting for a run ended because `detach` was aborted; the run itself goes on. */
export class RunDetached extends Error {
  override name = 'RunDetached';
}
