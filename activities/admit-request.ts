import type { OperationRequest } from '../contract/requests.ts';
import { isSigned } from '../contract/signature.ts';
import { specHash } from '../spec/hash.ts';
import { ActivityError } from './activity-error.ts';

/**
 * Lets a request in, or refuses it before anything is done.
 *
 * @param inputKey the local worker's key; undefined on a Temporal cluster, which has its own authorization.
 * @throws {ActivityError} `input-refused`
 */
export function admitRequest(inputKey: Buffer | undefined, request: unknown): void {
  if (typeof request !== 'object' || request === null || !('spec' in request)) throw refused('It is not a request of Musher.');
  const { version, spec, specHash: claimed } = request as Partial<OperationRequest>;
  if (version !== 1 || !spec) throw refused(`It is of version ${String(version)}; this worker takes version 1.`);
  if (inputKey && !isSigned(request as object, inputKey)) throw refused('It is not signed by the user of this worker, or was altered after it was.');
  if (specHash(spec) !== claimed) throw refused('Its spec is not the one that its hash was made from.');
}

const refused = (why: string) => new ActivityError('input-refused', `The input was refused. ${why}`);
