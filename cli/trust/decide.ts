import { fingerprintOf, type HostKey } from '../../client/trust/host-key.ts';
import type { LookedAt } from '../../client/trust/look-at-servers.ts';
import { sshCommand } from '../../contract/ssh-command.ts';

export interface TrustSettings {
  /** Nothing is asked. */
  yes?: boolean;
  /** Only the key with this fingerprint is taken. */
  fingerprint?: string;
  /** Keys on record that the server no longer shows may be replaced. */
  replace?: boolean;
}

/** What is to be done about a server. Where nothing can be, the message says why. */
export type Decision = { do: 'nothing' } | { do: 'trust' | 'replace'; keys: HostKey[]; ask: boolean } | { do: 'refuse'; message: string };

const refuse = (message: string): Decision => ({ do: 'refuse', message });

/** What the command line and the keys together ask for; nobody has been asked yet. */
export function decide({ server, shown, recorded, standing, problem }: LookedAt, { yes, fingerprint, replace }: TrustSettings): Decision {
  const { name } = server;
  if (standing === 'unreachable') {
    return refuse(`It could not be asked: ${problem}. Check "address" and "port" of ${name} in the spec, and try it by hand: ${sshCommand(server)}`);
  }
  if (standing === 'revoked') return refuse('It shows a key that your list of host keys marks as revoked: somebody may stand between you and it. Nothing was written.');
  const keys = fingerprint === undefined ? shown : shown.filter((key) => fingerprintOf(key) === fingerprint);
  if (keys.length === 0) return refuse(`It shows no key with the fingerprint ${fingerprint}: it is another machine, or somebody stands between you and it. Nothing was written.`);
  if (standing === 'known') return { do: 'nothing' };
  const ask = !yes && fingerprint === undefined;
  if (standing !== 'changed') return { do: 'trust', keys, ask };
  const patterns = recorded.filter(({ byPattern }) => byPattern).map(({ line }) => line);
  if (patterns.length > 0) return refuse(`Line ${patterns.join(', ')} of the list has another key for a pattern that holds it, and so for other servers. Mend that line by hand, then ask again.`);
  if (!replace) {
    return refuse(
      `Its key is not the one on record: it was installed anew, or somebody stands between you and it. If you know why, and the new fingerprint is what the server itself says, run: musher trust ${name} --replace`,
    );
  }
  return { do: 'replace', keys, ask };
}
