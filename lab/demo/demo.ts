import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Status } from '../../cli/status/collect-status.ts';
import { paths } from '../home.ts';
import { Lab } from '../lab.ts';
import { startLoad, type Load, type LoadReport } from '../load/load.ts';
import { makeRelease } from './application/make-release.ts';
import { BOTH, DEMO_ENVIRONMENTS, makeSpec } from './application/make-spec.ts';
import { compareKinds } from './both-kinds.ts';
import { makeGallery } from './gallery/make-gallery.ts';
import { Visitor } from './gallery/visitor.ts';
import { ask, type, typeInBackground } from './musher.ts';
import { pictureOf } from './picture.ts';
import { place } from './place.ts';
import { summary } from './summary.ts';

const MEMBERS = ['web1', 'web2', 'web3'];
const BALANCER = 'lb1';
const CLUSTER = 'eu-cluster';
/** These have kernels of their own, since the machine's may have no NFS. */
const OTHER_MEMBERS = ['book1', 'book2'];
const STORAGE = 'nfs1';
const [WITH_FILES, PACK] = BOTH;

/** Fewer requests than these would prove little. */
const LEAST_REQUESTS = 5_000;
const LONGEST_LOAD_SECONDS = 420;
/** For which the load goes on when the deploy has ended. */
const REST_SECONDS = 5;

const started = performance.now();
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const times: Record<string, number> = {};

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const value = await work();
  times[name] = (performance.now() - from) / 1000;
  return value;
}

say(`Starting bare hosts: ${[BALANCER, ...MEMBERS].join(', ')}, and with kernels of their own ${[...OTHER_MEMBERS, STORAGE].join(', ')}`);
const ownKernel = [...OTHER_MEMBERS, STORAGE].map((name) => ({ name, driver: 'uml', memory: 512 }) as const);
const lab = await timed('start the hosts', () => Lab.up({ name: place.lab, hosts: [BALANCER, ...MEMBERS, ...ownKernel], say }));
await mkdir(place.home, { recursive: true, mode: 0o700 });
await copyFile(lab.knownHosts, `${place.home}/known_hosts`);
await writeSpec();
await wiki('1');
await handbook('1');

await type('check');
say('\nThree groups of bare servers: two in the background, whose servers need minutes to install NFS, the other here.');
const others = typeInBackground(['provision', WITH_FILES.group], ['provision', PACK.group]);
await timed(`provision ${CLUSTER}`, () => type('provision', CLUSTER));
for (const { name } of DEMO_ENVIRONMENTS) await timed(`first deploy of ${name}`, () => type('deploy', name));

say('\nA load on both environments begins: pages that read a shared file, a tenth of them POSTs, a fiftieth taking 5 s.');
const load = startLoad({
  target: { address: lab.host(BALANCER).address, port: 80 },
  environments: DEMO_ENVIRONMENTS.map(({ name, host }) => ({ name, host })),
  concurrency: 16,
  maxRequests: 100_000,
  maxSeconds: LONGEST_LOAD_SECONDS,
});
await load.started;
await wiki('2');
await timed('second deploy, under load', () => type('deploy', 'wiki/live'));
const report = await timed('the rest of the load', () => theRest(load));

say(`\nNow the other two: one site as a cluster and as a pack, on the same two members. Its code is on their disks, or on ${STORAGE}, over NFS; its uploads are there in both.`);
await timed('the rest of provisioning them', () => others);
for (const { group } of BOTH) await type('watch', group);
const kinds = await timed('the same site on both', () => compareKinds(lab, { balancer: BALANCER, storage: STORAGE }));

say('\nPictures are uploaded.');
const visitor = new Visitor(lab, { host: WITH_FILES.host, folder: 'gallery', file: `${place.source}/public/lib/tpl/dokuwiki/images/logo.png` });
await timed('uploads, a deploy, a power cut, a roll back', () => showUploads(visitor));

const status = await ask<Status>('status', '--live');
const live = status.subjects.find(({ subject }) => subject === 'wiki/live')?.live ?? [];
const members = live.map(({ name, release, checksum, balancers }) => ({
  name,
  release,
  checksum,
  // A balancer that was not observed says nothing, and that is not "in service".
  in_service: balancers[BALANCER]?.admin === 'ready' && !balancers[BALANCER].held,
}));
const seconds = (performance.now() - started) / 1000;
await writeFile(place.result, `${JSON.stringify({ requests: report.requests, failed: report.failed, seconds, members, uploads: visitor.uploads, kinds }, null, 2)}\n`);

const end = summary({ status, times, report, seconds, uploads: visitor.uploads, kinds });
say(end);
await writeFile(place.picture, pictureOf(['$ make demo', '…', ...end.split('\nTry next:')[0]!.trim().split('\n')]));
const whole = members.length === MEMBERS.length && members.every(({ in_service, checksum, release }) => in_service && checksum === members[0]?.checksum && release === members[0]?.release);
if (report.failed > 0 || report.requests < LEAST_REQUESTS || !whole) {
  say(`The demo failed: ${report.failed} of ${report.requests} requests failed (at least ${LEAST_REQUESTS} were to be sent)${whole ? '' : '; the members do not all serve the same release'}.`);
  process.exitCode = 1;
}

/** Lets the load see what the deploy has left. */
async function theRest(under: Load): Promise<LoadReport> {
  const rest = new Promise((resolve) => setTimeout(resolve, REST_SECONDS * 1000));
  await Promise.race([under.finished, rest]);
  return under.stop();
}

/** What visitors send through one member is there through the other, whatever happens between. */
async function showUploads(visitor: Visitor): Promise<void> {
  const [first, second] = OTHER_MEMBERS as [string, string];
  await visitor.upload('before.png', first);
  await visitor.readAll(OTHER_MEMBERS);
  await handbook('2');
  await type('deploy', WITH_FILES.name);
  await visitor.readAll(OTHER_MEMBERS);
  say(`\nThe power of ${first} is cut.`);
  await lab.powerCut(first);
  await visitor.readAll([second]);
  await visitor.upload('meanwhile.png', second);
  say(`\nThe power of ${first} is back.`);
  await lab.start(first);
  await visitor.page(first, 60);
  await type('rollback', WITH_FILES.name);
  await visitor.readAll(OTHER_MEMBERS);
  await visitor.page(BALANCER, 60);
}

async function writeSpec(): Promise<void> {
  const server = (name: string) => ({ name, address: lab.host(name).address });
  await writeFile(
    place.spec,
    makeSpec({
      members: MEMBERS.map(server),
      balancers: [server(BALANCER)],
      user: lab.state.user,
      key: lab.key,
      source: place.source,
      handbook: { members: OTHER_MEMBERS.map(server), storage: server(STORAGE), source: place.handbook },
    }),
  );
}

function wiki(version: string): Promise<void> {
  return putSource(place.source, version, (folder) => makeRelease({ folder, version, store: paths.packages }));
}

function handbook(version: string): Promise<void> {
  return putSource(place.handbook, version, async (folder) => {
    await makeRelease({ folder, version, store: paths.packages });
    await makeGallery({ folder: join(folder, 'public/gallery'), version });
  });
}

/** Puts a version's source where the spec says, whole or not at all. */
async function putSource(source: string, version: string, make: (folder: string) => Promise<void>): Promise<void> {
  const draft = `${source}.${version}`;
  await rm(draft, { recursive: true, force: true });
  await make(draft);
  await rm(source, { recursive: true, force: true });
  await rename(draft, source);
}
