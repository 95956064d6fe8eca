import type { Server } from '../../spec/spec.ts';
import { mapLimited } from '../map-limited.ts';
import { compareKeys, type Standing } from './compare-keys.ts';
import type { HostKey } from './host-key.ts';
import { recordedKeys, type RecordedKey } from './known-hosts.ts';
import { scanHostKeys, type ScannedServer } from './scan-host-keys.ts';

/** A server, the keys that it shows, and those on record for it. */
export interface LookedAt {
  server: Server;
  /** As ssh looks it up in a list of host keys. */
  name: string;
  shown: HostKey[];
  recorded: RecordedKey[];
  standing: Standing | 'unreachable';
  /** Why it is unreachable, in ssh's words. */
  problem?: string;
}

/** Servers asked at once: more would only wait for this machine's processors. */
const AT_ONCE = 24;

/** Asks servers for their host keys and compares them with a list. The answers come in the order of the servers. */
export const lookAtServers = (servers: Server[], list: string): Promise<LookedAt[]> =>
  mapLimited(servers, AT_ONCE, async (server) => compare(server, await scanHostKeys(server), list));

function compare(server: Server, { name, keys, problem }: ScannedServer, list: string): LookedAt {
  const recorded = recordedKeys(list, name);
  return { server, name, shown: keys, recorded, standing: keys.length > 0 ? compareKeys(keys, recorded) : 'unreachable', ...(problem !== undefined && { problem }) };
}
