import { randomBytes } from 'node:crypto';
import { placeOf } from '../contract/place.ts';
import type { OperationRequest } from '../contract/requests.ts';

/** A workflow id of its own for an operation: `environment/shop/live/20260102T030405Z-1a2b3c4d`. Those of a subject sort by their time. */
export function newOperationId(request: OperationRequest): string {
  const time = new Date(request.requestedAt).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${placeOf(request).prefix}/${time}-${randomBytes(4).toString('hex')}`;
}
