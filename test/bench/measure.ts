import { execa } from 'execa';
import { type BenchHost, type BenchRelease, type Deployed, type Peer, SHARED_PATHS } from './peers/peer.ts';
import { onHost } from './peers/ssh.ts';

export interface Measurement extends Deployed {
  peer: string;
  hosts: number;
  release: 'first' | 'second';
  round: number;
}

/** The two versions of the tree, on this machine. */
export type Trees = Record<'first' | 'second', { folder: string; digest: string }>;

/** Hosts are looked at by the files' names and contents alone; the shared links are no files. */
const DIGEST = `find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum`;

export async function digestOf(folder: string): Promise<string> {
  return (await execa('sh', ['-c', DIGEST], { cwd: folder })).stdout;
}

/**
 * One round of one peer: a first release that has nothing in common with what is there, then a second, each from cold connections,
 * each looked at afterwards on every host. What it leaves there stays until the hosts go: ext4 looks at each inode that was freed in the
 * last minutes before it gives one out, so that the next to be measured would pay for what was deleted after the one before.
 */
export async function measure(peer: Peer, round: number, trees: Trees, hosts: readonly BenchHost[]): Promise<Measurement[]> {
  const environment = `r${hosts.length}-${round}`;
  const measurements: Measurement[] = [];
  await peer.prepareEnvironment(environment, hosts);
  for (const which of ['first', 'second'] as const) {
    const release: BenchRelease = { which, folder: trees[which].folder, environment };
    await peer.disconnect();
    // What the one before left to be written would be paid by this one.
    await execa('sync');
    const deployed = await peer.deploy(release, hosts);
    await verify(peer, environment, trees[which].digest, hosts);
    measurements.push({ peer: peer.name, hosts: hosts.length, release: which, round, ...deployed });
  }
  return measurements;
}

async function verify(peer: Peer, environment: string, digest: string, hosts: readonly BenchHost[]): Promise<void> {
  for (const host of hosts) {
    const links = SHARED_PATHS.map((path) => `[ -L ${path} ] && [ -d ${path} ]\n`).join('');
    const found = await onHost(host, `cd "$(readlink -f ${peer.currentOf(environment)})"\n${links}${DIGEST}\n`);
    if (found !== digest) throw new Error(`${peer.name} left ${host.name} without the whole release`);
  }
}
