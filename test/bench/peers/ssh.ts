import { execa } from 'execa';
import type { BenchHost } from './peer.ts';

/** Options of ssh to a bench host, without the host: its key checked, nothing of the caller's own configuration, no master. */
export const sshOptions = (host: BenchHost): string[] => [
  ...[
    '-F',
    '/dev/null',
    '-i',
    host.key,
    '-o',
    'BatchMode=yes',
    '-o',
    'StrictHostKeyChecking=yes',
    '-o',
    `UserKnownHostsFile=${host.knownHosts}`,
  ],
  ...['-o', 'LogLevel=ERROR', '-o', 'ControlPath=none'],
];

/** Runs a shell command on a host as root; gives what it printed. */
export async function onHost(host: BenchHost, command: string): Promise<string> {
  const { stdout } = await execa('ssh', [...sshOptions(host), `${host.user}@${host.address}`, 'sudo', '-n', 'sh', '-e'], {
    input: command,
  });
  return stdout;
}

/** Removes a folder of the bench from every host. */
export async function removeFolder(folder: string, hosts: readonly BenchHost[]): Promise<void> {
  await Promise.all(hosts.map((host) => onHost(host, `rm -rf '${folder}'\n`)));
}
