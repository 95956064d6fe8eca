import { fingerprintOf } from '../../client/trust/host-key.ts';
import type { LookedAt } from '../../client/trust/look-at-servers.ts';
import { paint } from '../output/paint.ts';
import { table } from '../output/table.ts';

const STANDING = { known: 'known', new: 'not on record', more: 'known, and shows further keys', changed: 'CHANGED', revoked: 'REVOKED', unreachable: 'could not be asked' };
const STYLE = { known: 'green', new: 'yellow', more: 'yellow', changed: 'red', revoked: 'red', unreachable: 'red' } as const;

/** A server's keys beside those on record, by type; one line where there is nothing to compare. */
export function renderKeys({ server, shown, recorded, standing }: LookedAt): string {
  const heading = `${paint('bold', server.name)} (${server.address}, port ${server.port}): ${paint(STYLE[standing], STANDING[standing])}`;
  if (standing === 'known' || standing === 'unreachable') return heading;
  const types = [...new Set([...shown, ...recorded].map(({ type }) => type))];
  const rows = types.flatMap((type) => {
    const now = shown.filter((key) => key.type === type).map(fingerprintOf);
    const then = recorded.filter((key) => key.type === type).map((key) => `${fingerprintOf(key)}${key.revoked ? ' (revoked)' : ''}`);
    return Array.from({ length: Math.max(now.length, then.length) }, (_, index) => [type, now[index] ?? 'not shown', then[index] ?? 'nothing']);
  });
  return `${heading}\n${table(['key', 'it shows', 'on record'], rows).replace(/^/gm, '  ')}`;
}
