import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import type { Status } from '../../cli/status/collect-status.ts';
import { paths } from '../home.ts';
import { Lab } from '../lab.ts';
import { startLoad, type Load, type LoadReport } from '../load/load.ts';
import { makeRelease } from './application/make-release.ts';
import { DEMO_ENVIRONMENTS, makeSpec } from './application/make-spec.ts';
import { ask, type } from './musher.ts';
import { place } from './place.ts';
import { summary } from './summary.ts';

const MEMBERS = ['web1', 'web2', 'web3'];
const BALANCER = 'lb1';
const CLUSTER = 'eu-cluster';

/** Fewer requests than these would prove little. */
const LEAST_REQUESTS = 5_000;
const LONGEST_LOAD_SECONDS = 420;

const started = performance.now();
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const times: Record<string, number> = {};

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const value = await work();
  times[name] = (performance.now() - from) / 1000;
  return value;
}

say(`Starting four bare hosts: ${BALANCER}, ${MEMBERS.join(', ')}`);
const lab = await timed('start the hosts', () => Lab.up({ name: place.lab, hosts: [BALANCER, ...MEMBERS], say }));
await mkdir(place.home, { recursive: true, mode: 0o700 });
await copyFile(lab.knownHosts, `${place.home}/known_hosts`);
await writeSpec();
await source('1');

await type('check');
await timed('provision', () => type('provision', CLUSTER));
for (const { name } of DEMO_ENVIRONMENTS) await timed(`first deploy of ${name}`, () => type('deploy', name));

say('\nA load on both environments begins: pages that read a shared file, a tenth of them POSTs, a fiftieth taking 5 s.');
const load = startLoad({
  target: { address: lab.host(BALANCER).address, port: 80 },
  environments: DEMO_ENVIRONMENTS.map(({ name, host }) => ({ name, host })),
  concurrency: 24,
  maxRequests: 100_000,
  maxSeconds: LONGEST_LOAD_SECONDS,
});
await load.started;
await source('2');
await timed('second deploy, under load', () => type('deploy', 'wiki/live'));
const report = await timed('the rest of the load', () => enough(load));

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
await writeFile(place.result, `${JSON.stringify({ requests: report.requests, failed: report.failed, seconds, members }, null, 2)}\n`);

say(summary({ status, times, report, seconds }));
const whole = members.length === MEMBERS.length && members.every(({ in_service, checksum, release }) => in_service && checksum === members[0]?.checksum && release === members[0]?.release);
if (report.failed > 0 || report.requests < LEAST_REQUESTS || !whole) {
  say(`The demo failed: ${report.failed} of ${report.requests} requests failed (at least ${LEAST_REQUESTS} were to be sent)${whole ? '' : '; the members do not all serve the same release'}.`);
  process.exitCode = 1;
}

/** Waits until enough requests were sent for the figure to mean something. */
async function enough(under: Load): Promise<LoadReport> {
  const rest = new Promise((resolve) => setTimeout(resolve, Number(process.env['DEMO_REST_SECONDS'] ?? 20) * 1000));
  await Promise.race([under.finished, rest]);
  return under.stop();
}

async function writeSpec(): Promise<void> {
  const server = (name: string) => ({ name, address: lab.host(name).address });
  await writeFile(
    place.spec,
    makeSpec({ members: MEMBERS.map(server), balancers: [server(BALANCER)], user: lab.state.user, key: lab.key, source: place.source }),
  );
}

/** Puts a version's source where the spec says, whole or not at all. */
async function source(version: string): Promise<void> {
  const draft = `${place.source}.${version}`;
  await rm(draft, { recursive: true, force: true });
  await makeRelease({ folder: draft, version, store: paths.packages });
  await rm(place.source, { recursive: true, force: true });
  await rename(draft, place.source);
}
