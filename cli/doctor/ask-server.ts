import { execa } from 'execa';
import type { Server } from '../../spec/spec.ts';
import { shellWord } from '../output/shell-word.ts';

/** What a server said; `facts` is undefined where ssh did not get in, and `said` has its words. */
export interface ServerAnswer {
  facts?: Record<string, string>;
  said: string;
  /** Seconds by which the server's clock is ahead of this one. */
  skew?: number;
}

/** Prints NAME=VALUE lines. Its arguments: the Python, and folders whose disks are looked at. Changes nothing. */
const SCRIPT = `
PATH=$PATH:/usr/sbin:/sbin
echo time=$(date +%s.%N)
python=$1; shift
echo python=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
echo distribution=$(. /etc/os-release 2>/dev/null; echo "$ID $VERSION_ID")
if [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then echo root=yes; else echo root=no; fi
for system in nfs4:nfsv4 nfsd:nfsd; do
  if grep -qw "\${system%:*}" /proc/filesystems || modprobe -n -q "\${system#*:}" 2>/dev/null; then echo "\${system%:*}=yes"; else echo "\${system%:*}=no"; fi
done
for folder; do
  at=$folder
  while [ ! -d "$at" ]; do at=\${at%/*}; at=\${at:-/}; done
  echo "free:$folder=$(df -Pk "$at" | awk 'NR == 2 { print $4 }')"
done
echo end=yes
`;

const CONNECT_SECONDS = 10;
const ALL_SECONDS = 40;

/** Logs in as operations do, host key checked, and asks. */
export async function askServer({ address, port, user, key, python }: Server, roots: string[], knownHosts: string): Promise<ServerAnswer> {
  const settings = {
    BatchMode: 'yes',
    ConnectTimeout: String(CONNECT_SECONDS),
    ServerAliveInterval: '5',
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: `"${knownHosts.replaceAll('%', '%%')}"`,
    GlobalKnownHostsFile: '/dev/null',
    UpdateHostKeys: 'no',
    ControlMaster: 'no',
    ControlPath: 'none',
    LogLevel: 'ERROR',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const command = ['sh', '-s', '--', python, ...roots].map(shellWord).join(' ');
  const child = execa('ssh', [...options, ...(key === undefined ? [] : ['-i', key]), '-p', String(port), '-l', user, '--', address, command], {
    input: SCRIPT,
    reject: false,
    timeout: ALL_SECONDS * 1000,
    maxBuffer: 1_000_000,
  });
  let heard: number | undefined;
  child.stdout?.once('data', () => (heard = Date.now() / 1000));
  const { stdout, stderr, timedOut, code } = await child;
  const facts = Object.fromEntries((stdout ?? '').split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).trim()]));
  const said = code === 'ENOENT' ? 'there is no program "ssh" on the PATH' : timedOut ? `it did not answer within ${ALL_SECONDS} s` : ((stderr ?? '').trim().split('\n').at(-1) ?? '');
  if (facts['end'] !== 'yes') return { said };
  return { facts, said, ...(heard !== undefined && { skew: Number(facts['time']) - heard }) };
}
