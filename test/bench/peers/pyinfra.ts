import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { layOut } from './lay-out.ts';
import { HOOK, KEEP, type Peer, SHARED_PATHS } from './peer.ts';

const ROOT = '/srv/bench/pyinfra';
const files = join(import.meta.dirname, 'pyinfra');
const requirements = join(import.meta.dirname, '../requirements.txt');

/** pyinfra, from a Python environment of its own in `environment` (made when it is missing). */
export function pyinfra(environment: string): Peer {
  let folder = '';
  return {
    name: 'pyinfra',
    async prepare() {
      folder ||= await mkdtemp(join(tmpdir(), 'bench-'));
      if (existsSync(join(environment, 'bin/pyinfra'))) return;
      await execa('python3', ['-m', 'venv', environment]);
      await execa(join(environment, 'bin/pip'), [
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--require-hashes',
        '-r',
        requirements,
      ]);
    },
    prepareEnvironment: (name, hosts) => layOut(`${ROOT}/${name}`, hosts),
    async deploy(release, hosts) {
      const inventory = Object.fromEntries(
        hosts.map((host) => [
          host.name,
          {
            ssh_hostname: host.address,
            ssh_user: host.user,
            ssh_key: host.key,
            ssh_known_hosts_file: host.knownHosts,
            ssh_strict_host_key_checking: 'yes',
            _sudo: true,
            root: `${ROOT}/${release.environment}`,
            source: release.folder,
            release_id: String(Date.now()),
            shared_paths: SHARED_PATHS,
            hook: HOOK,
            keep: KEEP,
          },
        ]),
      );
      await writeFile(join(folder, 'inventory.json'), JSON.stringify(inventory));
      const start = performance.now();
      await execa(join(environment, 'bin/pyinfra'), ['-y', join(files, 'inventory.py'), join(files, 'deploy.py')], {
        env: { BENCH_INVENTORY: join(folder, 'inventory.json') },
        cwd: folder,
        all: true,
      });
      return { seconds: (performance.now() - start) / 1000 };
    },
    currentOf: (name) => `${ROOT}/${name}/current`,
    disconnect: () => Promise.resolve(),
    async close() {
      if (folder) await rm(folder, { recursive: true, force: true });
    },
  };
}
