import { LedgerError } from '../contract/ledger-error.ts';

/** The operation cannot be planned; nothing was changed. */
export class PlanError extends LedgerError {}
