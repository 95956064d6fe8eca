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
/** Where the set-up is there. */
const LONGEST_SECONDS = 480;
const LONGEST_LOAD_SECONDS = 420;
/** For which the load goes on when the deploy has ended. */
const REST_SECONDS = 2;

const started = performance.now();
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const times: Record<string, number> = {};

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const value = await work();
  times[name] = (performance.now() - from) / 1000;
  return value;
}

/** Shows everything. @throws {CommandFailed} and what else stops it. */
export async function demo(): Promise<void> {
  const ownKernel = [...OTHER_MEMBERS, STORAGE].map((name) => ({ name, driver: 'uml', memory: 512 }) as const);
  const hosts = [BALANCER, ...MEMBERS, ...ownKernel];
  const before = await Lab.find(place.lab);
  const bare = before === undefined || Object.keys(before.hosts).length === 0;
  const names = `${[BALANCER, ...MEMBERS].join(', ')}, and with kernels of their own ${[...OTHER_MEMBERS, STORAGE].join(', ')}`;
  say(bare ? `Starting bare hosts: ${names}` : `These hosts are there already, with what was left on them: ${names}.\n"make demo-down" takes them away; the demo after it begins with bare ones.`);
  await mkdir(place.home, { recursive: true, mode: 0o700 });
  const [lab] = await timed('start the hosts', () => Promise.all([Lab.up({ name: place.lab, hosts, say }), wiki('1').then(() => handbook('1'))]));
  await copyFile(lab.knownHosts, `${place.home}/known_hosts`);
  await writeSpec(lab);

  await type('check');
  say(`\nThree groups of ${bare ? 'bare' : 'such'} servers: two in the background${bare ? ', whose servers need minutes to install NFS' : ''}, the other here.`);
  const others = typeInBackground(['provision', WITH_FILES.group], ['provision', PACK.group]);
  await timed(`provision ${CLUSTER}`, () => type('provision', CLUSTER));
  const [live, test] = DEMO_ENVIRONMENTS;
  await timed(bare ? `first deploys of ${live.name} and ${test.name}` : `deploys of ${live.name} and ${test.name}`, async () => {
    const beside = typeInBackground(['deploy', test.name]);
    await type('deploy', live.name);
    await beside;
    await type('watch', test.name);
  });

  say('\nA load on both environments begins: pages that read a shared file, a tenth of them POSTs, a fiftieth taking 5 s.');
  const load = startLoad({
    target: { address: lab.host(BALANCER).address, port: 80 },
    environments: DEMO_ENVIRONMENTS.map(({ name, host }) => ({ name, host })),
    concurrency: 16,
    maxRequests: 100_000,
    maxSeconds: LONGEST_LOAD_SECONDS,
    leastRequests: LEAST_REQUESTS,
  });
  await load.started;
  await wiki('2');
  await timed(bare ? 'second deploy, under load' : 'next deploy, under load', () => type('deploy', live.name));
  const report = await timed('the rest of the load', () => theRest(load));

  say(`\nNow the other two: one site as a cluster and as a pack, on the same two members. Its code is on their disks, or on ${STORAGE}, over NFS; its uploads are there in both.`);
  await timed('the rest of provisioning them', () => others);
  for (const { group } of BOTH) await type('watch', group);
  const kinds = await timed('the same site on both', () => compareKinds(lab, { balancer: BALANCER, storage: STORAGE }));

  say('\nPictures are uploaded.');
  const visitor = new Visitor(lab, { host: WITH_FILES.host, folder: 'gallery', file: `${place.source}/public/lib/tpl/dokuwiki/images/logo.png` });
  await timed('uploads, a deploy, a power cut, a roll back', () => showUploads(lab, visitor));

  const status = await ask<Status>('status', '--live');
  const members = membersOf(status);
  const seconds = (performance.now() - started) / 1000;
  const tooLong = seconds > LONGEST_SECONDS ? `The demo took ${seconds.toFixed(0)} s; it is to end within ${LONGEST_SECONDS} s where the set-up is there and the machine does nothing else.` : undefined;
  const result = { requests: report.requests, failed: report.failed, seconds, ...(tooLong !== undefined && { warning: tooLong }), bare, times, members, uploads: visitor.uploads, kinds };
  await writeFile(place.result, `${JSON.stringify(result, null, 2)}\n`);

  const end = summary({ status, times, report, seconds, uploads: visitor.uploads, kinds, bare });
  say(end);
  if (tooLong !== undefined) say(tooLong);
  await writeFile(place.picture, pictureOf(['$ make demo', '…', ...end.split('\nTry next:')[0]!.trim().split('\n')]));
  const whole = members.length === MEMBERS.length && members.every(({ in_service, checksum, release }) => in_service && checksum === members[0]?.checksum && release === members[0]?.release);
  if (report.failed > 0 || report.requests < LEAST_REQUESTS || !whole) {
    say(`The demo failed: ${report.failed} of ${report.requests} requests failed (at least ${LEAST_REQUESTS} were to be sent)${whole ? '' : '; the members do not all serve the same release'}.`);
    process.exitCode = 1;
  }
}

/** What the members of the first cluster serve, as the hosts themselves say. */
function membersOf(status: Status) {
  const live = status.subjects.find(({ subject }) => subject === DEMO_ENVIRONMENTS[0].name)?.live ?? [];
  return live.map(({ name, release, checksum, balancers }) => ({
    name,
    release,
    checksum,
    // A balancer that was not observed says nothing, and that is not "in service".
    in_service: balancers[BALANCER]?.admin === 'ready' && !balancers[BALANCER].held,
  }));
}

/** Lets the load see what the deploy has left, and send what is to be sent at least. */
async function theRest(under: Load): Promise<LoadReport> {
  const rest = new Promise((resolve) => setTimeout(resolve, REST_SECONDS * 1000));
  await Promise.race([under.finished, rest]);
  return under.stop();
}

/** What visitors send through one member is there through the other, whatever happens between. */
async function showUploads(lab: Lab, visitor: Visitor): Promise<void> {
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

async function writeSpec(lab: Lab): Promise<void> {
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
