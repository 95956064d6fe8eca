import type { FailureType } from './failures.ts';

/** A failure in the ledger's terms: its type, what happened in a sentence, and what concerns single hosts by their names. */
export class LedgerError extends Error {
  readonly type: FailureType;
  readonly hosts: Record<string, string>;

  constructor(type: FailureType, message: string, hosts: Record<string, string> = {}) {
    super(message);
    this.name = new.target.name;
    this.type = type;
    this.hosts = hosts;
  }
}
