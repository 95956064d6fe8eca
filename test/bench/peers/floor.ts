import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type BenchHost, HOOK, KEEP, type Peer, SHARED_PATHS } from './peer.ts';
import { layOut } from './lay-out.ts';
import { endMasters, onHost, sshOptions } from './ssh.ts';

const ROOT = '/srv/bench/floor';

/** What rsync and ssh need by themselves, in parallel and without any tool: a tool that does the same cannot be much faster. */
export function floor(): Peer {
  // Short, because a socket's path has a limit of about a hundred characters.
  let masters = '';
  return {
    name: 'floor',
    async prepare() {
      masters ||= await mkdtemp(join(tmpdir(), 'bench-'));
    },
    prepareEnvironment: (environment, hosts) => layOut(`${ROOT}/${environment}`, hosts),
    async deploy({ environment, folder }, hosts) {
      const start = performance.now();
      const root = `${ROOT}/${environment}`;
      const release = `${root}/releases/${Date.now()}`;
      await Promise.all(hosts.map((host) => upload(host, masters, folder, root, release)));
      await onHost(hosts[0]!, `cd ${release}\n${HOOK}\n`, masters);
      await Promise.all(hosts.map((host) => onHost(host, switchTo(root, release), masters)));
      return { seconds: (performance.now() - start) / 1000 };
    },
    currentOf: (environment) => `${ROOT}/${environment}/current`,
    disconnect: () => endMasters(masters),
    async close() {
      if (!masters) return;
      await endMasters(masters);
      await rm(masters, { recursive: true, force: true });
    },
  };
}

async function upload(host: BenchHost, masters: string, folder: string, root: string, release: string): Promise<void> {
  const previous = await onHost(host, `readlink ${root}/current || :\n`, masters);
  // A fresh checkout has new time stamps on everything: by content, what has not changed is linked.
  const base = previous ? ['--checksum', `--link-dest=${previous}`] : [];
  const way = ['-e', ['ssh', ...sshOptions(host, masters)].join(' '), '--rsync-path=sudo -n rsync'];
  await execa('rsync', ['-a', '--no-times', ...base, ...way, `${folder}/`, `${host.user}@${host.address}:${release}/`]);
  const links = SHARED_PATHS.map((path) => `mkdir -p "$(dirname ${path})"\nln -sfn ${root}/shared/${path} ${path}\n`);
  await onHost(host, `cd ${release}\n${links.join('')}`, masters);
}

const switchTo = (root: string, release: string): string => `
  ln -sfn ${release} ${root}/.current
  mv -T ${root}/.current ${root}/current
  cd ${root}/current
  ${HOOK}
  ls -d ${root}/releases/* | head -n -${KEEP} | xargs -r rm -rf
`;
