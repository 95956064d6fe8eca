import { ApplicationFailure } from '@temporalio/workflow';
import { isAsk } from '../contract/ask.ts';
import type { Ask } from '../contract/turn.ts';

/** Refuses what is no ask, so that nothing of it gets into the line: anybody's client may have sent it. @throws {ApplicationFailure} */
export function checkAsk(ask: Ask): void {
  if (!isAsk(ask)) throw ApplicationFailure.nonRetryable('This is no ask for a turn.', 'input-refused');
}
