import { ApplicationFailure } from '@temporalio/workflow';
import type { Ask } from '../contract/turn.ts';

const MOST = 500;

/** Refuses what is no ask, so that nothing of it gets into the line: anybody's client may have sent it. @throws {ApplicationFailure} */
export function checkAsk(ask: Ask): void {
  const { workflowId, runId, operation, subject, requestedBy, askedAt } = (ask ?? {}) as Partial<Ask>;
  const words = [workflowId, runId, operation, subject, requestedBy, askedAt];
  if (words.every((word) => typeof word === 'string' && word.length > 0 && word.length <= MOST)) return;
  throw ApplicationFailure.nonRetryable('This is no ask for a turn.', 'input-refused');
}
