import { askOf, isAsk } from '../contract/ask.ts';
import { isBelow, placeOf, type Started } from '../contract/place.ts';
import type { ObserveRequest, OperationRequest } from '../contract/requests.ts';
import { isSigned } from '../contract/signature.ts';
import { targetOf } from '../plan/target.ts';
import { specHash } from '../spec/hash.ts';
import { ActivityError } from './activity-error.ts';

/** An input is good for this long, at its workflow's start: what lies about must not deploy an old spec. */
const GOOD_FOR_MILLISECONDS = 3600_000;

/**
 * Lets a request in, or refuses it before anything is done.
 *
 * The workflow id tells what the operation is about, so it is no one's to choose but for its last part; what was signed
 * to be planned only is not carried out.
 *
 * @param inputKey the local worker's key; undefined on a Temporal cluster, which has its own authorization.
 * @returns the input, known to be a request.
 * @throws {ActivityError} `input-refused`
 */
export function admitRequest(inputKey: Buffer | undefined, input: unknown, started: Started): OperationRequest | ObserveRequest {
  if (typeof input !== 'object' || input === null) throw refused('It is not a request of Musher.');
  const { version, spec, specHash: claimed } = input as Partial<OperationRequest>;
  if (version !== 1 || !spec) throw refused(`It is of version ${String(version)}; this worker takes version 1.`);
  if (inputKey && !isSigned(input, inputKey)) throw refused('It is not signed by the user of this worker, or was altered after it was.');
  if (specHash(spec) !== claimed) throw refused('Its spec is not the one that its hash was made from.');
  if (started.repeats) throw refused('Its workflow was started with a cron schedule or a retry policy, and an input is carried out once. Start it without, with a new input each time.');
  const request = input as OperationRequest | ObserveRequest;
  requireSubject(request);
  requirePlace(request, started);
  requireAsk(request, started);
  // One that goes on was admitted in its time.
  if (started.firstRunId !== undefined) return request;
  const age = Date.parse(started.at) - Date.parse(request.requestedAt);
  if (!(Math.abs(age) < GOOD_FOR_MILLISECONDS)) throw refused(`It was made at ${request.requestedAt} and is good for an hour. Make a new input.`);
  return request;
}

function requireSubject(request: OperationRequest | ObserveRequest): void {
  try {
    if ('group' in request) {
      if (!request.spec.groups[request.group]) throw new Error(`its spec does not hold the group "${request.group}"`);
    } else targetOf(request.spec, request.project, request.environment);
  } catch (error) {
    throw refused(`It is not whole: ${(error as Error).message}.`);
  }
}

function requirePlace(request: OperationRequest | ObserveRequest, { workflowType, workflowId }: Started): void {
  const asked = 'only' in request && request.only === 'plan' ? 'plan' : request.operation;
  if (workflowType !== asked) throw refused(`It asks for "${asked}", and was given to the workflow "${workflowType}".`);
  const { prefix } = placeOf(request);
  const expected = asked === 'plan' || asked === 'observe' ? `${asked}/${prefix}` : prefix;
  if (!isBelow(expected, workflowId)) throw refused(`The workflow id must be ${expected}/ and something unique (letters, digits, ".", "_", "-"), and is ${workflowId}.`);
}

/** What its queue would not take gets no turn, however often it asks for one. */
function requireAsk(request: OperationRequest | ObserveRequest, { workflowId, at }: Started): void {
  if (typeof request.requestedBy !== 'string') throw refused('It does not say who asks.');
  if (request.operation !== 'observe' && !isAsk(askOf(request, { workflowId, runId: 'this' }, at))) throw refused('It is no ask for a turn: it does not say who asks, or a name in it is too long.');
}

export const refused = (why: string) => new ActivityError('input-refused', `The input was refused. ${why}`);
