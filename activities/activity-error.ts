import type { FailureType } from '../contract/failures.ts';

/** Why an activity could not do its work, in the ledger's terms. */
export class ActivityError extends Error {
  readonly type: FailureType;
  readonly hosts: Record<string, string>;

  constructor(type: FailureType, message: string, hosts: Record<string, string> = {}) {
    super(message);
    this.name = 'ActivityError';
    this.type = type;
    this.hosts = hosts;
  }
}
