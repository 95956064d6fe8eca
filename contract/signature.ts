import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalJson } from '../spec/hash.ts';

/**
 * Who can start an operation can run commands as the worker (builds, hooks), and loopback keeps nobody of a
 * shared machine out. So a local worker takes only requests signed with a key that its user alone can read.
 *
 * HMAC-SHA256 (RFC 2104) over the canonical JSON of the request without its `signature`; hexadecimal.
 */
export function signatureOf(request: object, key: Buffer): string {
  const { signature: _, ...signed } = request as { signature?: unknown };
  return createHmac('sha256', key).update(canonicalJson(signed)).digest('hex');
}

export const signRequest = <R extends object>(request: R, key: Buffer): R & { signature: string } => ({
  ...request,
  signature: signatureOf(request, key),
});

export function isSigned(request: { signature?: unknown }, key: Buffer): boolean {
  if (typeof request.signature !== 'string') return false;
  const [claimed, expected] = [Buffer.from(request.signature, 'hex'), Buffer.from(signatureOf(request, key), 'hex')];
  return claimed.length === expected.length && timingSafeEqual(claimed, expected);
}
