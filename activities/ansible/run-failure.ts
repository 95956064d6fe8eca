import { LedgerError } from '../../contract/ledger-error.ts';

/** A failure of a whole run; what concerns single hosts is data in the outcome. */
export class RunFailure extends LedgerError {}

/**
 * `run-lost` for good: the run has an end without a result on record, or may not be started once more. Whoever asks again with
 * its key, as an activity's next attempt does, is told the same. Other lost runs (a supervisor that could not be started, for
 * want of memory, say) are started at the next attempt.
 */
export class RunLostForGood extends RunFailure {
  constructor(message: string) {
    super('run-lost', message);
  }
}

/** The waiting for a run ended because `detach` was aborted; the run itself goes on. */
export class RunDetached extends Error {
  override name = 'RunDetached';
}
