import type { QueuedOperation } from '../contract/turn.ts';

/** Other operations are before one that was not to wait. */
export class OperationUnderWay extends Error {
  /** Those that it would have had to wait for. */
  readonly behind: QueuedOperation[];

  constructor(subject: string, behind: QueuedOperation[]) {
    const others = behind.map(({ operation, subject: other, requestedBy, askedAt, state }) => `${operation} of ${other}, asked for by ${requestedBy} at ${askedAt}${state === 'waiting' ? ', which waits itself' : ''}`);
    const first = behind[0]?.workflowId ?? subject;
    super(
      `${subject} would have to wait: it comes behind ${others.join('; ')}. ` +
        `Ask without --no-wait to wait for its turn; watch the other with "musher watch ${first}", or cancel it with "musher cancel ${first}".`,
    );
    this.name = 'OperationUnderWay';
    this.behind = behind;
  }
}
