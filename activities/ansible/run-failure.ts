import { LedgerError } from '../../contract/ledger-error.ts';

/** A failure of a whole run; what concerns single hosts is data in the outcome. */
export class RunFailure extends LedgerError {}

/** The waiting for a run ended because `detach` was aborted; the run itself goes on. */
export class RunDetached extends Error {
  override name = 'RunDetached';
}
