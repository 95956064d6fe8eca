import type { FailureType } from '../contract/failures.ts';

/** The operation cannot be planned; nothing was changed. */
export class PlanError extends Error {
  readonly type: FailureType;
  /** What is wrong, by host. */
  readonly hosts: Record<string, string>;

  constructor(type: FailureType, message: string, hosts: Record<string, string> = {}) {
    super(message);
    this.name = 'PlanError';
    this.type = type;
    this.hosts = hosts;
  }
}
