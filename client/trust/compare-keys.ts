import { isSameKey, type HostKey } from './host-key.ts';
import type { RecordedKey } from './known-hosts.ts';

/**
 * How the keys that a server shows stand to those on record.
 *
 * `known`: all are on record. `new`: none is on record for it. `more`: one is, and it shows others besides. `changed`: the record has
 * another key, or only ones that it no longer shows. `revoked`: it shows a key that is marked as revoked.
 */
export type Standing = 'known' | 'new' | 'more' | 'changed' | 'revoked';

export function compareKeys(shown: HostKey[], recorded: RecordedKey[]): Standing {
  const isIn = (keys: RecordedKey[]) => (key: HostKey) => keys.some((other) => isSameKey(key, other));
  if (shown.some(isIn(recorded.filter(({ revoked }) => revoked)))) return 'revoked';
  const valid = recorded.filter(({ revoked }) => !revoked);
  if (valid.length === 0) return 'new';
  const known = shown.filter(isIn(valid));
  const hasOther = (key: HostKey) => !isIn(valid)(key) && valid.some(({ type }) => type === key.type);
  if (known.length === 0 || shown.some(hasOther)) return 'changed';
  return known.length === shown.length ? 'known' : 'more';
}
