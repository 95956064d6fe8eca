import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { Lab } from '../../lab/lab.ts';
import { askMany, askOnce } from '../../lab/load/ask-page.ts';
import { labName, build, ownFolder, runBench, say, turned } from './bench.ts';
import { apps as allApps, type App } from './nfs/apps.ts';
import { deployByHand, mountByHand, setUpByHand } from './nfs/by-hand.ts';
import { plotOf, rowsOf, tableOf, type Figures } from './nfs/figures.ts';
import { operationsOf } from './nfs/operations.ts';
import { domainOf, environmentOf, MEMBER, placeOf, SETTINGS, STORAGE, type OwnSetting, type Place } from './nfs/places.ts';

// Code on a member's disk, over NFS as Debian and Aegir have it, and over NFS as Musher provisions it, on hosts with a kernel of their own each.

const USAGE = 'node test/bench/nfs.ts [--rounds 7] [--deploys 7] [--requests 120] [--delay 1] [--delegations on,off] [--apps wiki,classes]';
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    deploys: { type: 'string', default: '7' },
    requests: { type: 'string', default: '120' },
    /** Milliseconds added to what the storage sends. */
    delay: { type: 'string', default: '1' },
    delegations: { type: 'string', default: 'on,off' },
    apps: { type: 'string', default: allApps.map(({ name }) => name).join(',') },
  },
});
const [rounds, deploys, requests, delay] = [values.rounds, values.deploys, values.requests, values.delay].map(Number) as [number, number, number, number];
const ways = values.delegations.split(',');
const apps = allApps.filter(({ name }) => values.apps.split(',').includes(name));
if (![rounds, deploys, requests].every((number) => Number.isInteger(number) && number > 0) || !(delay >= 0) || apps.length !== values.apps.split(',').length || !ways.every((way) => ['on', 'off'].includes(way))) throw new Error(USAGE);

const TOGETHER = 4;
/** Settings that Musher makes, and the groups that they are in. */
const OWN: [OwnSetting, string][] = [
  ['local', 'disk'],
  ['local-code', 'files'],
  ['nfs-provisioned', 'pack'],
  ['nfs-image', 'image'],
];
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
    for (const way of ways) {
      await setDelegations(lab, way === 'on');
      for (const app of apps) {
        all.push(...(await measure(lab, places.filter((place) => place.app === app), way === 'on')));
        // A run that is ended leaves what it has.
        await report(all);
      }
    }
    process.stdout.write(`${tableOf(rowsOf(all))}\n`);
  },
  () => [musher('service', 'stop')],
);

async function report(all: readonly Figures[]): Promise<void> {
  const rows = rowsOf(all);
  await writeFile(join(build, 'nfs.json'), `${JSON.stringify(rows, null, 2)}\n`);
  await writeFile(join(build, 'nfs.svg'), plotOf(rows));
}

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
      image: { kind: 'pack', code: 'image', members: [MEMBER], storage: { server: STORAGE } },
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
          environments: Object.fromEntries(OWN.map(([setting, group]) => [environmentOf(setting), environment(app, group, setting)])),
        },
      ]),
    ),
  };
  await writeFile(join(work, 'musher.yml'), stringify(spec));
  for (const app of apps) await newVersion(app);
  for (const group of ['pack', 'image', 'disk', 'files']) {
    say(`provisioning ${group}`);
    await musher('provision', group, '--json');
  }
  await setUpByHand(lab, apps);
  await lab.delay(STORAGE, delay);
}

async function measure(lab: Lab, places: readonly Place[], delegations: boolean): Promise<Figures[]> {
  const figures = new Map<Place, Figures>();
  for (const place of places) {
    const { app, setting } = place;
    figures.set(place, { app: app.name, setting, delegations, requestsPerSecond: [], operationsPerRequest: [], filesOperations: [], coldOperations: [], firstSeconds: [] });
  }
  for (let round = 0; round < deploys; round++) {
    await newVersion(places[0]!.app);
    for (const place of turned(places, round)) {
      const { firstSeconds, coldOperations } = figures.get(place)!;
      await deploy(lab, place);
      firstSeconds.push(await askOnce(place.target));
      await lab.root(MEMBER, ['systemctl', 'restart', place.unit]);
      coldOperations.push((await operations(lab, place, () => askOnce(place.target))).code);
      say(`${name(place, delegations)}: first request ${(1000 * firstSeconds.at(-1)!).toFixed(0)} ms, ${coldOperations.at(-1)} operations after a restart`);
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const place of turned(places, round)) {
      const { requestsPerSecond, operationsPerRequest, filesOperations } = figures.get(place)!;
      // Every PHP process has been asked, so that all of them are warm.
      await askMany(place.target, 4 * TOGETHER, TOGETHER);
      const asked = await operations(lab, place, async () => requestsPerSecond.push(await askMany(place.target, requests, TOGETHER)));
      operationsPerRequest.push(asked.code / requests);
      filesOperations.push(asked.files / requests);
      say(`${name(place, delegations)}: ${requestsPerSecond.at(-1)!.toFixed(1)} requests/s, ${operationsPerRequest.at(-1)!.toFixed(2)} operations each, ${filesOperations.at(-1)!.toFixed(2)} for shared files`);
    }
    for (const place of places) await assertServed(lab, place);
  }
  return [...figures.values()];
}

function name({ app, setting }: Place, delegations: boolean): string {
  return `${app.name}, ${setting}, delegations ${delegations ? 'on' : 'off'}`;
}

/** NFS operations for code, and for shared files where these are on a mount of their own. */
async function operations(lab: Lab, { codeMount, filesMount }: Place, work: () => Promise<unknown>): Promise<{ code: number; files: number }> {
  const look = (): Promise<number[]> => Promise.all([codeMount, filesMount].map(async (mount) => (mount === undefined ? 0 : operationsOf(lab, MEMBER, mount))));
  const before = await look();
  await work();
  const [code, files] = (await look()).map((now, which) => now - before[which]!) as [number, number];
  return { code, files };
}

async function newVersion(app: App): Promise<void> {
  const folder = join(work, app.name);
  await rm(folder, { recursive: true, force: true });
  await app.make(folder, String(++version));
}

/** @throws an image is not mounted, or is where there is to be none: something else would be measured. */
async function assertServed(lab: Lab, { setting, subject }: Place): Promise<void> {
  if (subject === undefined) return;
  const { stdout } = await lab.root(MEMBER, ['sh', '-euc', `findmnt -rn -o FSTYPE "$(readlink /var/lib/musher/current/${subject})" || true`]);
  if ((stdout.trim() === 'squashfs') !== (setting === 'nfs-image')) throw new Error(`${setting}: on ${subject} is mounted ${stdout.trim() || 'nothing'}`);
}

async function deploy(lab: Lab, place: Place): Promise<void> {
  const { app, subject } = place;
  if (subject === undefined) return deployByHand(lab, app, join(work, app.name), `r${version}`);
  await musher('deploy', subject, '--json');
  await assertServed(lab, place);
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
