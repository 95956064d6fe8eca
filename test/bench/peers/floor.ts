import { execa } from 'execa';
import { type BenchHost, HOOK, KEEP, type Peer, SHARED_PATHS } from './peer.ts';
import { onHost, removeFolder, sshOptions } from './ssh.ts';

const ROOT = '/srv/bench/floor';

/** What rsync and ssh need by themselves, in parallel and without any tool: a tool that does the same cannot be much faster. */
export function floor(): Peer {
  return {
    name: 'floor',
    prepare: () => Promise.resolve(),
    async deploy({ environment, folder }, hosts) {
      const start = performance.now();
      const root = `${ROOT}/${environment}`;
      const release = `${root}/releases/${Date.now()}`;
      await Promise.all(hosts.map((host) => upload(host, folder, root, release)));
      await onHost(hosts[0]!, `cd ${release}\n${HOOK}\n`);
      await Promise.all(hosts.map((host) => onHost(host, switchTo(root, release))));
      return { seconds: (performance.now() - start) / 1000 };
    },
    currentOf: (environment) => `${ROOT}/${environment}/current`,
    disconnect: () => Promise.resolve(),
    forget: (environment, hosts) => removeFolder(`${ROOT}/${environment}`, hosts),
    close: () => Promise.resolve(),
  };
}

async function upload(host: BenchHost, folder: string, root: string, release: string): Promise<void> {
  const folders = ['releases', ...SHARED_PATHS.map((path) => `shared/${path}`)].map((path) => `${root}/${path}`);
  const previous = await onHost(host, `mkdir -p ${folders.join(' ')}\nreadlink ${root}/current || :\n`);
  const base = previous ? [`--link-dest=${previous}`] : [];
  const way = ['-e', ['ssh', ...sshOptions(host)].join(' '), '--rsync-path=sudo -n rsync'];
  await execa('rsync', ['-a', ...base, ...way, `${folder}/`, `${host.user}@${host.address}:${release}/`]);
  const links = SHARED_PATHS.map((path) => `mkdir -p "$(dirname ${path})"\nln -sfn ${root}/shared/${path} ${path}\n`);
  await onHost(host, `cd ${release}\n${links.join('')}`);
}

const switchTo = (root: string, release: string): string => `
  ln -sfn ${release} ${root}/.current
  mv -T ${root}/.current ${root}/current
  cd ${root}/current
  ${HOOK}
  ls -d ${root}/releases/* | head -n -${KEEP} | xargs -r rm -rf
`;
