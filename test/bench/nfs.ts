import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { Lab } from '../../lab/lab.ts';
import { askMany, askOnce } from '../../lab/load/ask-page.ts';
import { labName, build, ownFolder, runBench, say, turned } from './bench.ts';
import { apps, type App } from './nfs/apps.ts';
import { deployByHand, mountByHand, setUpByHand } from './nfs/by-hand.ts';
import { plotOf, rowsOf, tableOf, type Figures } from './nfs/figures.ts';
import { operationsOf } from './nfs/operations.ts';
import { domainOf, MEMBER, placeOf, SETTINGS, STORAGE, type OwnSetting, type Place } from './nfs/places.ts';

// Code on a member's disk, over NFS as Debian and Aegir have it, and over NFS as Musher provisions it, on hosts with a kernel of their own each.

const USAGE = 'node test/bench/nfs.ts [--rounds 7] [--deploys 3] [--requests 120] [--delay 1] [--delegations on,off]';
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    deploys: { type: 'string', default: '3' },
    requests: { type: 'string', default: '120' },
    /** Milliseconds added to what the storage sends. */
    delay: { type: 'string', default: '1' },
    delegations: { type: 'string', default: 'on,off' },
  },
});
const [rounds, deploys, requests, delay] = [values.rounds, values.deploys, values.requests, values.delay].map(Number) as [number, number, number, number];
const ways = values.delegations.split(',');
if (![rounds, deploys, requests].every((number) => Number.isInteger(number) && number > 0) || !(delay >= 0) || !ways.every((way) => ['on', 'off'].includes(way))) throw new Error(USAGE);

const TOGETHER = 4;
const MUSHER = join(import.meta.dirname, '../../bin/musher');

const work = await ownFolder();
const env = { MUSHER_HOME: join(work, 'state'), TEMPORAL_ADDRESS: undefined, NO_COLOR: '1' };
const musher = async (...words: string[]): Promise<unknown> => execa(MUSHER, words, { cwd: work, env, stdin: 'ignore', all: true });
let version = 0;

await runBench(
  work,
  async () => {
    const lab = await Lab.up({ name: labName, hosts: [{ name: STORAGE, driver: 'uml', memory: 768 }, { name: MEMBER, driver: 'uml', memory: 1024 }], say });
    await prepare(lab);
    const places = apps.flatMap((app) => SETTINGS.map((setting) => placeOf(lab, app, setting)));
    const all: Figures[] = [];
    for (const way of ways) all.push(...(await measure(lab, places, way === 'on')));
    const rows = rowsOf(all);
    process.stdout.write(`${tableOf(rows)}\n`);
    await writeFile(join(build, 'nfs.json'), `${JSON.stringify(rows, null, 2)}\n`);
    await writeFile(join(build, 'nfs.svg'), plotOf(rows));
  },
  () => [musher('service', 'stop')],
);

/** Has Musher provision a pack and, for local disk, a cluster on the same member, and beside both a mount by hand. */
async function prepare(lab: Lab): Promise<void> {
  await mkdir(env.MUSHER_HOME, { mode: 0o700 });
  await copyFile(lab.knownHosts, join(env.MUSHER_HOME, 'known_hosts'));
  const server = (name: string) => ({ address: lab.host(name).address, user: lab.state.user, key: lab.key });
  const environment = (app: App, group: string, setting: OwnSetting) => ({ group, domains: [domainOf(app, setting)], health: { path: app.page, timeout: 60 }, workers: TOGETHER, keep: 2 });
  const spec = {
    version: 1,
    servers: { [MEMBER]: server(MEMBER), [STORAGE]: server(STORAGE) },
    groups: {
      pack: { kind: 'pack', members: [MEMBER], storage: { server: STORAGE } },
      disk: { kind: 'cluster', members: [MEMBER] },
      files: { kind: 'cluster', members: [MEMBER], files: { server: STORAGE } },
    },
    projects: Object.fromEntries(
      apps.map((app) => [
        app.name,
        {
          app: 'php',
          source: { directory: join(work, app.name) },
          docroot: 'public',
          shared: ['data'],
          environments: { disk: environment(app, 'disk', 'local'), files: environment(app, 'files', 'local-code'), pack: environment(app, 'pack', 'nfs-provisioned') },
        },
      ]),
    ),
  };
  await writeFile(join(work, 'musher.yml'), stringify(spec));
  for (const app of apps) await newVersion(app);
  for (const group of ['pack', 'disk', 'files']) {
    say(`provisioning ${group}`);
    await musher('provision', group, '--json');
  }
  await setUpByHand(lab, apps);
  await lab.delay(STORAGE, delay);
}

async function measure(lab: Lab, places: readonly Place[], delegations: boolean): Promise<Figures[]> {
  await setDelegations(lab, delegations);
  const figures = new Map<Place, Figures>();
  for (const place of places) {
    const { app, setting } = place;
    figures.set(place, { app: app.name, setting, delegations, requestsPerSecond: [], operationsPerRequest: [], coldOperations: [], firstSeconds: [] });
  }
  for (const app of apps) {
    const own = places.filter((place) => place.app === app);
    for (let round = 0; round < deploys; round++) {
      await newVersion(app);
      for (const place of turned(own, round)) {
        const { firstSeconds, coldOperations } = figures.get(place)!;
        await deploy(lab, place);
        firstSeconds.push(await askOnce(place.target));
        await lab.root(MEMBER, ['systemctl', 'restart', place.unit]);
        coldOperations.push(await operations(lab, place, () => askOnce(place.target)));
        say(`${name(place, delegations)}: first request ${(1000 * firstSeconds.at(-1)!).toFixed(0)} ms, ${coldOperations.at(-1)} operations after a restart`);
      }
    }
    for (let round = 0; round < rounds; round++) {
      for (const place of turned(own, round)) {
        const { requestsPerSecond, operationsPerRequest } = figures.get(place)!;
        // Every PHP process has been asked, so that all of them are warm.
        await askMany(place.target, 4 * TOGETHER, TOGETHER);
        const asked = await operations(lab, place, async () => requestsPerSecond.push(await askMany(place.target, requests, TOGETHER)));
        operationsPerRequest.push(asked / requests);
        say(`${name(place, delegations)}: ${requestsPerSecond.at(-1)!.toFixed(1)} requests/s, ${operationsPerRequest.at(-1)!.toFixed(2)} operations each`);
      }
    }
  }
  return [...figures.values()];
}

function name({ app, setting }: Place, delegations: boolean): string {
  return `${app.name}, ${setting}, delegations ${delegations ? 'on' : 'off'}`;
}

async function operations(lab: Lab, { mountPoint }: Place, work: () => Promise<unknown>): Promise<number> {
  if (mountPoint === undefined) return work().then(() => 0);
  const before = await operationsOf(lab, MEMBER, mountPoint);
  await work();
  return (await operationsOf(lab, MEMBER, mountPoint)) - before;
}

async function newVersion(app: App): Promise<void> {
  const folder = join(work, app.name);
  await rm(folder, { recursive: true, force: true });
  await app.make(folder, String(++version));
}

async function deploy(lab: Lab, { app, subject }: Place): Promise<void> {
  if (subject === undefined) await deployByHand(lab, app, join(work, app.name), `r${version}`);
  else await musher('deploy', subject, '--json');
}

/** What was granted stays until it is given back, so both sides begin anew. */
async function setDelegations(lab: Lab, granted: boolean): Promise<void> {
  await lab.root(STORAGE, ['sysctl', '-w', `fs.leases-enable=${granted ? 1 : 0}`]);
  await lab.root(STORAGE, ['systemctl', 'restart', 'nfs-server'], { timeout: 60_000 });
  await lab.root(MEMBER, ['sync']);
  await lab.powerCut(MEMBER);
  await lab.start(MEMBER);
  // The server's grace: nothing new is opened in it.
  await sleep(25_000);
  await mountByHand(lab);
}
