import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { OperationResult } from '../../contract/result.ts';
import type { Load, LoadReport } from '../../lab/load/load.ts';
import { CleanUser } from './clean-user.ts';
import { gatedProcesses, isOlder, namespaceOf } from './gated-processes.ts';
import { installPack, musherOf, packMusher } from './pack-musher.ts';
import { ENVIRONMENTS, Site } from './site.ts';
import { TemporalServer } from './temporal-server.ts';
import { watchTokens, type TokenReport } from './token-watch.ts';
import { fingerprint } from './traces.ts';
import { WorkerHost } from './worker-host.ts';

// Two workers of one Temporal cluster, each on a host of its own. The first is cut off from Temporal in the middle of a step, while it reaches the
// servers as before; the second takes the step over.

const LONG = 900_000;
const SCOPE = 'shop/live';
const LIVE = ENVIRONMENTS.slice(0, 1);
const MARK = 'shared/data/hook-ran';
/** Not below /tmp, which a host empties when it boots. */
const folder = `/var/tmp/musher-test-workers-${process.pid}`;
/** Where the spec says that the source is, on each worker's host. */
const SOURCE = join(folder, 'shop');
let site: Site;
let server: TemporalServer;
let first: WorkerHost;
let second: WorkerHost;
let load: Load;
let report: LoadReport | undefined;

beforeAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o755 });
  const user = await CleanUser.make(folder);
  await installPack(user, await packMusher(folder));
  const made = await user.run([musherOf(user), 'setup']);
  expect(made.exitCode, made.stderr).toBe(0);

  site = await Site.start({ name: 'workers', members: ['web1', 'web2'], others: ['temporal1', 'worker1', 'worker2'] });
  server = await TemporalServer.start(site.lab, 'temporal1');
  site.variables = { TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: 'musher' };
  [first, second] = ['worker1', 'worker2'].map((name) => new WorkerHost(name, site, user, server)) as [WorkerHost, WorkerHost];
  for (const worker of [first, second]) await worker.equip();
  setProject({});
  await first.start();
  site.lines = { keep: 2 };
  await site.succeed('provision', 'eu');
  // The last one has something to prune.
  for (const version of ['1', '1a', '1b']) {
    await newSource(version);
    await site.succeed('deploy', 'shop/live');
  }
  // Both take their steps.
  await second.start();
  await site.succeed('provision', 'eu');
}, LONG);
afterAll(async () => {
  await site?.stop();
  await rm(folder, { recursive: true, force: true });
}, LONG);

beforeEach(async () => {
  report = undefined;
  load = await site.gentleLoad({ maxSeconds: 800 });
});
afterEach(async () => {
  report ??= await load.stop();
  expect(report.failures).toEqual([]);
  expect(report.failed).toBe(0);
  expect(report.requests).toBeGreaterThan(50);
});

function setProject(lines: Record<string, unknown>): void {
  site.project = { source: { directory: SOURCE }, ...lines };
}

/** Makes the source of a release on both workers' hosts, of so many megabytes that rsync has to send as they are. */
async function newSource(version: string, megabytes = 0): Promise<void> {
  await site.source({ version }, async (draft) => {
    for (let index = 0; index < megabytes; index++) await writeFile(join(draft, `blob-${index}`), randomBytes(1_000_000));
  });
  for (const worker of [first, second]) await worker.giveSource(join(site.folder, 'shop'), SOURCE);
}

/** Tokens of what a server's gate has let in, and runs. */
const gatedOn = (host: string): string[] => {
  const namespace = namespaceOf(site.lab.host(host).leader!.pid);
  return gatedProcesses(SCOPE).flatMap((one) => (one.namespace === namespace && one.isAdmitted ? [one.token] : []));
};

async function until(what: string, found: () => boolean | Promise<boolean>, seconds = 120): Promise<void> {
  for (const deadline = Date.now() + seconds * 1000; !(await found()); await sleep(20)) {
    if (Date.now() > deadline) throw new Error(`Not within ${seconds} s: ${what}. ${(await site.musher('status', 'shop/live')).stdout}`);
  }
}

const onMember = (member: string, path: string): string => join(site.lab.rootOf(member), 'var/aegir/projects/shop/live', path);

interface TakenOver {
  result: OperationResult;
  exitCode: number;
  tokens: TokenReport;
  /** Name of the run that the first worker was cut off with. */
  run: string;
  cutAt: number;
}

/** Asks for pages that take seconds, one after another, of both members. The function that comes back waits for the last ones, and tells the status of each. */
function slowRequests(): () => Promise<string[]> {
  const { address } = site.lab.host('lb1');
  const statuses: string[] = [];
  let isOver = false;
  const asking = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const words = ['-sS', '-o', '/dev/null', '-w', '%{http_code}', '-H', `Host: ${LIVE[0]!.host}`, `http://${address}/slow.php?seconds=4`];
      statuses.push((await execa('curl', words, { reject: false })).stdout);
    }
  });
  return async () => {
    isOver = true;
    await Promise.all(asking);
    return statuses;
  };
}

/** Runs a deploy of which the first worker alone takes steps up to a moment; then it is cut off, and the second one is there. */
async function takenOver(moment: () => Promise<void>, atCut: () => Promise<void> = async () => {}): Promise<TakenOver> {
  await second.stop();
  await first.start();
  const hosts = Object.fromEntries(['lb1', 'web1', 'web2'].map((name) => [name, site.lab.host(name).leader!.pid]));
  const endWatch = watchTokens({ scope: SCOPE, hosts });
  await site.writeSpec();
  expect((await site.musher('deploy', 'shop/live', '--detach')).exitCode).toBe(0);
  await moment();
  const run = first.runs().at(-1)!;
  await second.start();
  expect(first.ansible(), 'the step had ended before the other worker was ready').not.toEqual([]);
  await first.cutOff();
  await atCut();
  const cutAt = Date.now();
  const { exitCode, result } = await site.follow('watch', 'shop/live');
  return { exitCode, result, tokens: await endWatch(), run, cutAt };
}

/** Both tokens of the step that changed hands were at work on a server, and nowhere did the older one work after the newer one. */
function expectFenced({ tokens, cutAt }: TakenOver, hosts: string[]): void {
  expect(tokens.overlaps).toEqual([]);
  for (const host of hosts) {
    const seen = tokens.sightings.filter((one) => one.host === host);
    const older = seen.filter(({ first: from }) => from < cutAt).reduce((newest, one) => (isOlder(newest.token, one.token) ? one : newest));
    const newer = seen.find(({ token, first: from }) => from > cutAt && isOlder(older.token, token));
    const [epoch, step] = older.token.split('.');
    // Handed over as a later attempt of one step, not as a step of its own.
    expect(newer?.token).toMatch(new RegExp(`^${epoch}\\.${step}\\.[2-9]\\d$`));
  }
}

/** Lets the first worker, and its Ansible, go on to its end. @returns what the hosts were like before. */
async function letGoOn(): Promise<void> {
  const before = [await fingerprint(site), await site.observation()];
  first.signalAnsible('SIGCONT');
  await first.untilIdle();
  expect([await fingerprint(site), await site.observation()]).toEqual(before);
  await first.rejoin();
}

/** Waits until the first worker's Ansible drains the first batch, stops it there, and lets the drain end. */
async function untilDrained(): Promise<void> {
  // Somebody has to be waited for.
  const endRequests = slowRequests();
  // Stopped before the balancer has the whole of the task, it would wait for the rest of it for ever.
  await until('the first batch is drained', async () => first.isAt('Drain the members') && gatedOn('lb1').length > 0 && (await site.outOfService()).includes('web1'));
  first.signalAnsible('SIGSTOP');
  expect(new Set(await endRequests())).toEqual(new Set(['200']));
  await until('the drain has ended', () => gatedOn('lb1').length === 0);
}

test('Cut off in the middle of an upload: the second worker builds the release again, stops what still arrives, and uploads it', async () => {
  await newSource('2', 50);
  await first.throttle(16);
  const partial = async (member: string): Promise<boolean> => (await readdir(onMember(member, 'releases'))).some((name) => name.endsWith('.partial'));
  const taken = await takenOver(async () => {
    for (const member of ['web1', 'web2']) while (!(await partial(member))) await sleep(50);
  });
  expect(taken.exitCode, taken.result.message).toBe(0);
  expectFenced(taken, ['web1', 'web2']);
  // It was still sending when it was stopped: its own step had not ended, and did not end well.
  const uploads = taken.tokens.sightings.filter(({ token, first: from, last }) => from < taken.cutAt && last > taken.cutAt && token.endsWith('.11'));
  expect(uploads.map(({ host }) => host).sort()).toEqual(['web1', 'web2']);
  await letGoOn();
  await first.throttle(0);
  expect(first.events(taken.run).filter(({ event }) => event === 'host_result').map(({ status }) => status)).toEqual(['unreachable', 'unreachable']);
  const { id, checksum } = taken.result.release!;
  expect(first.artifacts()).toContain(checksum);
  expect(second.artifacts()).toContain(checksum);
  expect(await site.servedReleases()).toEqual({ web1: id, web2: id });
  expect(await site.outOfService()).toEqual([]);
}, LONG);

test('Cut off in the middle of a once hook: the hook goes on, the second worker waits for it, and it has run once', async () => {
  setProject({ hooks: { once: ['date >>data/hook-ran && sleep 30'] } });
  await newSource('3');
  const taken = await takenOver(() => until('the hook runs', () => existsSync(onMember('web1', MARK))));
  expect(taken.exitCode, taken.result.message).toBe(0);
  expectFenced(taken, ['web1']);
  await letGoOn();
  expect((await readFile(onMember('web1', MARK), 'utf8')).trim().split('\n')).toHaveLength(1);
  expect(existsSync(onMember('web2', MARK))).toBe(false);
  expect(await site.outOfService()).toEqual([]);
}, LONG);

test('Cut off between drain and switch, with an Ansible that is slow to go on: when it does, every task of it is refused', async () => {
  setProject({});
  await newSource('4');
  const taken = await takenOver(untilDrained);
  expect(taken.exitCode, taken.result.message).toBe(0);
  expect(taken.tokens.overlaps).toEqual([]);
  await letGoOn();
  const results = first.events(taken.run).filter(({ event }) => event === 'host_result');
  expect(results.at(-1)).toMatchObject({ status: 'failed', message: expect.stringContaining('musher: fenced: shop/live has been taken over by') as string });
  const { id } = taken.result.release!;
  expect(await site.servedReleases()).toEqual({ web1: id, web2: id });
  expect(await site.outOfService()).toEqual([]);
}, LONG);

/** What changes something on servers, by the playbook's first play. */
const CHANGING = {
  provision: 'Ensure every server has a distribution that Musher knows',
  upload: 'Bring to the storage what it keeps of the release',
  'once hooks': 'Run the once hooks on one member',
  switch: 'Take the members out of service',
  prune: 'Prune the releases that the storage keeps',
};

test('What the first worker once asked for, and asks for again now, is refused, and changes nothing', async () => {
  const before = [await fingerprint(site), await site.observation()];
  for (const [step, firstPlay] of Object.entries(CHANGING)) {
    const run = first.runs().find((name) => first.events(name).some(({ play }) => play === firstPlay))!;
    const said = await first.repeat(run);
    expect(said, step).toContain('musher: fenced: ');
    expect(said, step).not.toMatch(/changed=[1-9]/);
  }
  expect([await fingerprint(site), await site.observation()]).toEqual(before);
});

test('A member that cannot be sealed counts as unreachable: it is left out, whatever the first worker still does on it, until a later deploy', async () => {
  site.lines = { tolerate: 1, retry_timeout: 10 };
  await newSource('5');
  const [before] = Object.values(await site.servedReleases());
  const taken = await takenOver(untilDrained, () => site.lab.cutLink('web1'));
  expect(taken.exitCode, taken.result.message).toBe(0);
  const { id } = taken.result.release!;
  expect(taken.result.members).toMatchObject([
    { name: 'web1', release: before, inService: false, behind: expect.any(String) as string },
    { name: 'web2', release: id, inService: true },
  ]);
  await site.lab.joinLink('web1');
  first.signalAnsible('SIGCONT');
  await first.untilIdle();
  await first.rejoin();
  // Three good health checks take less.
  await sleep(8_000);
  expect(await site.outOfService()).toEqual(['web1']);
  expect((await site.musher('status', 'shop/live')).stdout).toContain('web1 will not be asked before it has caught up: musher deploy shop/live');
  // The balancer refuses what web1 would not, unless the connection to web1 has died meanwhile.
  const last = first.events(taken.run).findLast(({ event }) => event === 'host_result');
  if (last?.status === 'unreachable') expect(last.host).toBe('web1');
  else expect(last).toMatchObject({ status: 'failed', message: expect.stringContaining('musher: fenced:') as string });
  report = await load.stop();
  const lastOf = (member: string): number => Math.max(...report!.seen.filter((one) => one.member === member).map(({ last }) => Date.parse(report!.startedAt) + last * 1000));
  expect(lastOf('web1')).toBeLessThan(taken.cutAt);

  await first.start();
  await newSource('6');
  const next = await site.operate('deploy', 'shop/live');
  expect(next.exitCode, next.result.message).toBe(0);
  expect(await site.servedReleases()).toEqual({ web1: next.result.release!.id, web2: next.result.release!.id });
  expect(await site.outOfService()).toEqual([]);
}, LONG);
