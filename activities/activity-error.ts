import { LedgerError } from '../contract/ledger-error.ts';

/** Why an activity could not do its work. */
export class ActivityError extends LedgerError {}
