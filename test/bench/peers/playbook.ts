import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type BenchHost, HOOK, KEEP, type Peer, SHARED_PATHS } from './peer.ts';
import { layOut } from './lay-out.ts';
import { endMasters } from './ssh.ts';

const files = join(import.meta.dirname, 'playbook');

/** The idiomatic playbook, with the defaults of Ansible and of its modules (`plain`), or as somebody writes it who looks for speed (`tuned`). */
export function playbook(name: 'plain' | 'tuned'): Peer {
  const root = (environment: string): string => `/srv/bench/${name}/${environment}`;
  // Short, because a socket's path has a limit of about a hundred characters.
  let folder = '';
  const masters = (): string => join(folder, 'cp');
  return {
    name,
    async prepare(hosts) {
      folder ||= await mkdtemp(join(tmpdir(), 'bench-'));
      await mkdir(masters(), { recursive: true, mode: 0o700 });
      await writeFile(join(folder, 'inventory.json'), JSON.stringify(inventory(hosts, name === 'tuned' ? masters() : undefined)));
    },
    prepareEnvironment: (environment, hosts) => layOut(root(environment), hosts),
    async deploy(release) {
      const variables = {
        root: root(release.environment),
        source: release.folder,
        release_id: String(Date.now()),
        shared_paths: SHARED_PATHS,
        hook: HOOK,
        keep: KEEP,
        tuned: name === 'tuned',
      };
      await writeFile(join(folder, 'variables.json'), JSON.stringify(variables));
      const start = performance.now();
      await execa(
        'ansible-playbook',
        ['-i', join(folder, 'inventory.json'), '-e', `@${join(folder, 'variables.json')}`, join(files, 'deploy.yml')],
        {
          env: {
            ANSIBLE_CONFIG: join(files, `${name}.cfg`),
            ANSIBLE_SSH_CONTROL_PATH_DIR: masters(),
            ANSIBLE_LOCAL_TEMP: join(folder, 'tmp'),
          },
          all: true,
        },
      );
      return { seconds: (performance.now() - start) / 1000 };
    },
    currentOf: (environment) => `${root(environment)}/current`,
    disconnect: () => endMasters(masters()),
    async close() {
      await this.disconnect();
      if (folder) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** @param shared folder of the SSH masters that rsync shares with Ansible's own connections; without it rsync makes one of its own. */
function inventory(hosts: readonly BenchHost[], shared?: string): object {
  const host = (one: BenchHost): object => ({
    ansible_host: one.address,
    ansible_user: one.user,
    ansible_ssh_private_key_file: one.key,
    ansible_ssh_common_args: `-F /dev/null -o UserKnownHostsFile=${one.knownHosts}${shared ? ` -o ControlPath=${shared}/%C` : ''}`,
    ansible_python_interpreter: '/usr/bin/python3',
  });
  return { members: { hosts: Object.fromEntries(hosts.map((one) => [one.name, host(one)])) } };
}
