import { createHmac } from 'node:crypto';
import type { HostKey } from './host-key.ts';

/** A key that a list has for a name (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface RecordedKey extends HostKey {
  /** Marked `@revoked`: whoever shows it is refused. */
  revoked: boolean;
  /** The line names the server by a pattern (`*.example.net`), and so others too. */
  byPattern: boolean;
  /** Counts from 1. */
  line: number;
}

/** Marker, names, type and key; what follows is a comment. */
const LINE = /^[ \t]*(?:(@[a-z-]+)[ \t]+)?([^#@\s]\S*)[ \t]+([a-z][\w@.-]+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]|\r?$)/;

/**
 * The keys that a list has for a name. Those of certificate authorities are left out: they sign keys and are none.
 *
 * @param name as ssh looks it up: `web1.example.net`, or `[web1.example.net]:2222` where the port is not 22.
 */
export function recordedKeys(list: string, name: string): RecordedKey[] {
  return list.split('\n').flatMap((text, index) => {
    const [, marker, names = '', type = '', key = ''] = LINE.exec(text) ?? [];
    if (!key || marker === '@cert-authority' || !hasName(names, name)) return [];
    return [{ type, key, revoked: marker === '@revoked', byPattern: !names.startsWith('|') && !names.toLowerCase().split(',').includes(name.toLowerCase()), line: index + 1 }];
  });
}

/** The list with these keys for a name; other names' lines, and all there is besides keys, stay as they are. */
export function withKeys(list: string, name: string, keys: HostKey[]): string {
  const before = list === '' || list.endsWith('\n') ? list : `${list}\n`;
  return before + keys.map(({ type, key }) => `${name} ${type} ${key}\n`).join('');
}

/** The list without any key for a name, certificate authorities, revoked keys and patterns aside. A line of several names keeps the others. */
export function withoutKeys(list: string, name: string): string {
  const own = new Set(recordedKeys(list, name).flatMap(({ revoked, byPattern, line }) => (revoked || byPattern ? [] : [line])));
  return list
    .split('\n')
    .flatMap((text, index) => {
      if (!own.has(index + 1)) return [text];
      const [, , names = ''] = LINE.exec(text)!;
      const others = names.split(',').filter((other) => !names.startsWith('|') && other.toLowerCase() !== name.toLowerCase());
      return others.length > 0 ? [text.replace(names, () => others.join(','))] : [];
    })
    .join('\n');
}

function hasName(names: string, name: string): boolean {
  if (names.startsWith('|')) return isHashOf(names, name);
  const matching = names.split(',').filter((pattern) => matches(pattern.replace(/^!/, ''), name));
  return matching.length > 0 && !matching.some((pattern) => pattern.startsWith('!'));
}

/** `|1|salt|hash`: HMAC-SHA1, as ssh-keygen -H writes it. */
function isHashOf(text: string, name: string): boolean {
  const [, version, salt = '', hash] = text.split('|');
  return version === '1' && createHmac('sha1', Buffer.from(salt, 'base64')).update(name.toLowerCase()).digest('base64') === hash;
}

function matches(pattern: string, name: string): boolean {
  const source = pattern.replace(/[^*?]/g, (letter) => letter.replace(/[\\^$.|+()[\]{}]/g, '\\$&')).replace(/\*+/g, '.*').replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'is').test(name);
}
