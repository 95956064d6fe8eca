import { execa } from 'execa';
import type { Server } from '../../spec/spec.ts';
import type { HostKey } from './host-key.ts';

/** What a server shows of itself; no keys: it could not be asked. */
export interface ScannedServer {
  /** As ssh looks it up in a list of host keys. */
  name: string;
  keys: HostKey[];
  /** What ssh said, where there are no keys. */
  problem?: string;
}

/** A server has one key of a kind, and shows the one that it is asked for. */
const KINDS = ['ssh-ed25519', 'ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521', 'rsa-sha2-512,rsa-sha2-256'];
const CONNECT_SECONDS = 10;
const MARK = 'musher-host-key';

/**
 * Asks a server for its host keys, by ssh itself rather than by ssh-keyscan: so it is reached as operations reach it (the user's configuration
 * with its jump hosts and aliases included), and the name is the one under which they will look the key up. ssh is given an empty list and a
 * command that is told each key and vouches for none: it ends before it logs in.
 */
export async function scanHostKeys(server: Server): Promise<ScannedServer> {
  const answers = await Promise.all(KINDS.map((kind) => askFor(kind, server)));
  const found = answers.flatMap(({ keys }) => keys);
  const keys = found.filter(({ key }, index) => found.findIndex((other) => other.key === key) === index);
  const name = found[0]?.name ?? server.address.toLowerCase();
  if (keys.length > 0) return { name, keys: keys.map(({ type, key }) => ({ type, key })) };
  return { name, keys: [], problem: answers.map(({ said }) => said).find(Boolean) ?? 'ssh ended without a word' };
}

async function askFor(kind: string, { address, port, user }: Server): Promise<{ keys: (HostKey & { name: string })[]; said: string }> {
  const { stderr, timedOut, code } = await execa('ssh', [...options(kind), '-p', String(port), '-l', user, '--', address, 'true'], {
    reject: false,
    stdin: 'ignore',
    stdout: 'ignore',
    timeout: 3 * CONNECT_SECONDS * 1000,
    maxBuffer: 1_000_000,
  });
  const lines = (stderr ?? '').split('\n').map((line) => line.trim());
  const keys = lines.flatMap((line) => {
    const [mark, what, name = '', type = '', key, ...rest] = line.split(' ');
    return mark === MARK && what === 'HOSTNAME' && key && rest.length === 0 ? [{ name, type, key }] : [];
  });
  const said = code === 'ENOENT' ? 'there is no program "ssh" on the PATH' : timedOut ? 'it does not answer' : (lines.filter((line) => line && !line.startsWith(MARK)).at(-1) ?? '');
  return { keys, said };
}

function options(kind: string): string[] {
  const settings = {
    BatchMode: 'yes',
    ConnectTimeout: String(CONNECT_SECONDS),
    StrictHostKeyChecking: 'yes',
    VerifyHostKeyDNS: 'no',
    UserKnownHostsFile: '/dev/null',
    GlobalKnownHostsFile: '/dev/null',
    // ssh splits it into words before it fills them in, so nothing in a name is read by the shell.
    KnownHostsCommand: `/bin/sh -c '[ "$1" = ORDER ] || printf "${MARK} %%s %%s %%s %%s\\n" "$@" >&2' sh %I %H %t %K`,
    HostKeyAlgorithms: kind,
    PreferredAuthentications: 'none',
    ControlMaster: 'no',
    ControlPath: 'none',
    LogLevel: 'ERROR',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}
