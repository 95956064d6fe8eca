import { placeOf } from './place.ts';
import type { OperationRequest } from './requests.ts';
import type { Ask, OperationRun } from './turn.ts';

/** Of each word of an ask. */
const LONGEST = 500;
/** Of a name that others are told. */
const LONGEST_NAME = 200;

/** What an operation asks its queue with. @param at when it was started, ISO 8601. */
export function askOf(request: OperationRequest, { workflowId, runId }: OperationRun, at: string): Ask {
  const { operation, requestedBy, turn } = request;
  return { workflowId, runId, operation, subject: placeOf(request).subject, requestedBy: requestedBy.slice(0, LONGEST_NAME), askedAt: at, ...(turn && { turn }) };
}

/** Whether something is an ask: anybody's client may have sent it. */
export function isAsk(sent: unknown): sent is Ask {
  const { workflowId, runId, operation, subject, requestedBy, askedAt } = (sent ?? {}) as Partial<Ask>;
  const words = [workflowId, runId, operation, subject, requestedBy, askedAt];
  return words.every((word) => typeof word === 'string' && word.length > 0 && word.length <= LONGEST);
}
