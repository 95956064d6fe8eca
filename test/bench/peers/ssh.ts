import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { BenchHost } from './peer.ts';

/**
 * Options of ssh to a bench host: its key checked, nothing of the caller's own configuration.
 * With a folder for masters, connections to a host share one and it stays until `endMasters`.
 */
export function sshOptions(host: BenchHost, masters?: string): string[] {
  const shared = masters ? ['ControlMaster=auto', 'ControlPersist=60', `ControlPath=${masters}/%C`] : ['ControlPath=none'];
  const settings = ['BatchMode=yes', 'StrictHostKeyChecking=yes', `UserKnownHostsFile=${host.knownHosts}`, 'LogLevel=ERROR', ...shared];
  return ['-F', '/dev/null', '-i', host.key, ...settings.flatMap((setting) => ['-o', setting])];
}

/** Runs a shell script on a host as root; gives what it printed. */
export async function onHost(host: BenchHost, script: string, masters?: string): Promise<string> {
  const command = ['sudo', '-n', 'sh', '-e'];
  const { stdout } = await execa('ssh', [...sshOptions(host, masters), `${host.user}@${host.address}`, ...command], { input: script });
  return stdout;
}

/** Ends every SSH master whose socket is in this folder. */
export async function endMasters(masters: string): Promise<void> {
  const sockets = await readdir(masters).catch(() => []);
  await Promise.all(
    sockets.map((socket) => execa('ssh', ['-O', 'exit', '-o', `ControlPath=${join(masters, socket)}`, 'any'], { reject: false })),
  );
}
