import type { OperationSummary } from './musher-client.ts';

/** Another operation holds the environment or group. */
export class OperationUnderWay extends Error {
  readonly holder: OperationSummary;

  constructor(holder: OperationSummary) {
    const by = holder.requestedBy ? ` by ${holder.requestedBy}` : '';
    super(
      `${holder.subject} has an operation under way: ${holder.operation}, asked for${by} at ${holder.startedAt.toISOString()}. ` +
        `Watch it with "musher watch ${holder.subject}", or cancel it with "musher cancel ${holder.subject}".`,
    );
    this.name = 'OperationUnderWay';
    this.holder = holder;
  }
}
