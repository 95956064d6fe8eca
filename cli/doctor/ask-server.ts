import { execa } from 'execa';
import { shellWord } from '../../contract/shell-word.ts';
import type { Server } from '../../spec/spec.ts';
import type { Needs, Way } from './needs.ts';

/** What a server said; `facts` is undefined where ssh did not get in, and `said` has its words. */
export interface ServerAnswer {
  facts?: Record<string, string>;
  said: string;
  /** Seconds by which the server's clock is ahead of this one. */
  skew?: number;
}

const WAY_SECONDS = 5;

/** Connects to each address and port of its arguments, all at once, and says how that ended. */
const ATTEMPTS = `
import socket, sys, threading
def attempt(address, port):
    try:
        socket.create_connection((address, port), ${WAY_SECONDS}).close()
        said = "open"
    except ConnectionRefusedError:
        said = "refused"
    except socket.gaierror:
        said = "unknown"
    except socket.timeout:
        said = "silent"
    except OSError as error:
        said = error.strerror or type(error).__name__
    print("way:%s %d=%s\\n" % (address, port, said), end="", flush=True)
for address, port in zip(sys.argv[1::2], sys.argv[2::2]):
    threading.Thread(target=attempt, args=(address, int(port))).start()
`;

/** Prints NAME=VALUE lines. Its arguments: the Python, folders whose disks are looked at, "--", and addresses with ports to reach. Changes nothing. */
const SCRIPT = `
PATH=$PATH:/usr/sbin:/sbin
echo time=$(date +%s.%N)
python=$1; shift
echo python=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
echo distribution=$(. /etc/os-release 2>/dev/null; echo "$ID $VERSION_ID")
if [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then echo root=yes; else echo root=no; fi
for module in nfsd nfsv3 nfsv4 loop squashfs; do
  if [ -d /sys/module/$module ] || grep -qw "$(echo $module | sed s/v//)" /proc/filesystems || modprobe -n -q $module 2>/dev/null; then echo $module=yes; else echo $module=no; fi
done
echo listens=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { sub(/.*:/, "", $2); print $2 }')
while [ "$1" != -- ]; do
  folder=$1; shift
  at=$folder
  while [ ! -d "$at" ]; do at=\${at%/*}; at=\${at:-/}; done
  echo "free:$folder=$(df -Pk "$at" | awk 'NR == 2 { print $4 }')"
done
shift
"$python" -c '${ATTEMPTS}' "$@" 2>/dev/null </dev/null
echo end=yes
`;

const CONNECT_SECONDS = 10;
const ALL_SECONDS = 40;

/** The fact that says how the attempt to reach a server ended: `open`, `refused`, `silent`, `unknown` (its name) or the system's words. */
export const factOfWay = ({ to, port }: Way): string => `way:${to.address} ${port}`;

/** Logs in as operations do, host key checked, and asks. */
export async function askServer({ address, port, user, key, python }: Server, { roots, ways }: Needs, knownHosts: string): Promise<ServerAnswer> {
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
  const command = ['sh', '-s', '--', python, ...roots, '--', ...ways.flatMap(({ to, port: reached }) => [to.address, String(reached)])].map(shellWord).join(' ');
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
