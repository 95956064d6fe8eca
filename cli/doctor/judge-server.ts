import type { Server } from '../../spec/spec.ts';
import { FAILURES } from '../../contract/failures.ts';
import { sshCommand } from '../../contract/ssh-command.ts';
import { printableLine } from '../../contract/printable.ts';
import type { ServerAnswer } from './ask-server.ts';
import { findings, judgeRoom, type Finding } from './finding.ts';
import type { Needs } from './needs.ts';

/** Above this, certificates and time stamps begin to disagree. */
const MOST_SKEW = 2;
const OLDEST_PYTHON = 9;
const NFS = { nfsd: 'serve files (nfsd)', nfsv3: 'mount code (nfsv3)', nfsv4: 'mount shared files (nfsv4)', loop: 'mount a file (loop)', squashfs: 'mount an image (squashfs)' };

/** What is to be said of a server's answer. `known`: the distributions that can be provisioned, as `ID VERSION_ID`. */
export function judgeServer(server: Server, needs: Needs, { facts, said, skew }: ServerAnswer, known: readonly string[]): Finding[] {
  const { name, user, python, address, port } = server;
  const { ok, warning, failed } = findings(name);
  if (!facts) return [judgeLogin(server, printableLine(said, 200))];
  const [, minor] = /^3\.(\d+)$/.exec(facts['python'] ?? '') ?? [];
  const distribution = printableLine(facts['distribution'] ?? '', 60);
  return [
    ok('SSH', `${user}@${address}, port ${port}`),
    facts['root'] === 'yes' ? ok('sudo', user === 'root' ? 'the user is root' : 'without a password') : failed('sudo', `${user} may not become root without a password`, FAILURES['become-failed'].remedy),
    known.includes(distribution)
      ? ok('distribution', distribution)
      : failed('distribution', `${distribution || 'none that says its name'}; Musher knows ${known.join(', ')}`, FAILURES['unsupported-distribution'].remedy),
    Number(minor) >= OLDEST_PYTHON
      ? ok('Python', facts['python']!)
      : failed('Python', facts['python'] ? `${facts['python']} is too old` : `${python} does not run there`, `Install Python 3.${OLDEST_PYTHON} or newer (apt-get install python3), or name another with "python" of ${name} in the spec.`),
    skew !== undefined && Math.abs(skew) <= MOST_SKEW
      ? ok('clock', `${skew.toFixed(1)} s off this machine's`)
      : warning('clock', skew === undefined || Number.isNaN(skew) ? 'cannot be read' : `${skew.toFixed(1)} s off this machine's`, 'Have both set by the network (apt-get install systemd-timesyncd).'),
    ...needs.nfs.map((kind) => (facts[kind] === 'yes' ? ok('NFS', `the kernel can ${NFS[kind]}`) : failed('NFS', `the kernel cannot ${NFS[kind]}`, FAILURES['kernel-without-nfs'].remedy))),
    ...Object.entries(facts).flatMap(([fact, kilobytes]) => (fact.startsWith('free:') ? [judgeRoom(name, fact.slice(5), Number(kilobytes) * 1024)] : [])),
  ];
}

function judgeLogin(server: Server, said: string): Finding {
  const { name } = server;
  const { failed } = findings(name);
  const byHand = `Try it by hand: ${sshCommand(server)}`;
  if (/host key|REMOTE HOST IDENTIFICATION/i.test(said)) return failed('host key', said, `See it beside the one on record: musher trust ${name}`);
  if (/permission denied|too many authentication/i.test(said)) return failed('SSH login', said, `${FAILURES['authentication-failed'].remedy} ${byHand}`);
  return failed('SSH', said || 'ssh ended without a word', `Check "address" and "port" of ${name} in the spec, and the network. ${byHand}`);
}
