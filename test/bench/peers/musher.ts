import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import type { OperationResult } from '../../../contract/result.ts';
import { HOOK, KEEP, SHARED_PATHS, type BenchHost, type BenchRelease, type Deployed, type Peer } from './peer.ts';

const MUSHER = join(import.meta.dirname, '../../../bin/musher');
const PROJECT = 'bench';

/** Musher as its user runs it: by its command, with its own local server and worker. */
export function musher(work: string): Peer {
  const folder = join(work, 'musher');
  const home = join(folder, 'state');
  const env = { MUSHER_HOME: home, TEMPORAL_ADDRESS: undefined, NO_COLOR: '1' };
  const run = async (...words: string[]) => (await execa(MUSHER, words, { cwd: folder, env, stdin: 'ignore' })).stdout;

  return {
    name: 'musher',

    async prepare(hosts) {
      await mkdir(home, { recursive: true, mode: 0o700 });
      const keys = await Promise.all([...new Set(hosts.map(({ knownHosts }) => knownHosts))].map((file) => readFile(file, 'utf8')));
      await writeFile(join(home, 'known_hosts'), keys.join(''));
      await run('service', 'start');
    },

    async prepareEnvironment(environment, hosts) {
      const small = join(folder, 'small');
      await mkdir(join(small, 'web'), { recursive: true });
      await writeSpec(environment, hosts, small);
      await run('provision', 'bench', '--json');
      for (let release = 1; release <= KEEP; release++) {
        await writeFile(join(small, 'web/index.php'), `small ${release}`);
        await run('deploy', `${PROJECT}/${environment}`, '--json');
      }
    },

    async deploy({ environment, folder: source }: BenchRelease, hosts): Promise<Deployed> {
      await writeSpec(environment, hosts, source);
      const started = performance.now();
      const stdout = await run('deploy', `${PROJECT}/${environment}`, '--json');
      const seconds = (performance.now() - started) / 1000;
      const { result } = JSON.parse(stdout.trim().split('\n').at(-1)!) as { result: OperationResult };
      return { seconds, orchestrationShare: 1 - result.workSeconds / result.seconds };
    },

    currentOf: (environment) => `/var/lib/musher/current/${PROJECT}/${environment}`,

    async disconnect() {
      // Musher's connections end with each operation's own control folder, 60 s after the last use; every operation has new ones.
    },

    async close() {
      await run('service', 'stop').catch(() => undefined);
    },
  };

  async function writeSpec(environment: string, hosts: readonly BenchHost[], source: string): Promise<void> {
    const spec = {
      version: 1,
      servers: Object.fromEntries(hosts.map(({ name, address, user, key }) => [name, { address, user, key }])),
      groups: { bench: { kind: 'cluster', members: hosts.map(({ name }) => name), web: 'none', reload: HOOK } },
      projects: {
        [PROJECT]: {
          app: 'php',
          source: { directory: source },
          shared: [...SHARED_PATHS],
          docroot: 'web',
          hooks: { once: [HOOK], each: [HOOK] },
          environments: {
            [environment]: {
              group: 'bench',
              domains: [`${environment}.example.net`],
              health: { check: 'none' },
              batch: '100%',
              keep: KEEP,
            },
          },
        },
      },
    };
    await writeFile(join(folder, 'musher.yml'), stringify(spec));
  }
}
