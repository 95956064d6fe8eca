import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Load, LoadReport } from '../../lab/load/load.ts';
import { Site } from './site.ts';

// One site, since provisioning takes a while: each test goes on from what the one before left it serving. web2 is the one that misses releases.

const LONG = 600_000;
/** A member that is gone is noticed by three checks in a row, which take 6 s; requests that were in flight on it may take their own time to fail. */
const NOTICED_SECONDS = 10;
/** More than three good health checks take, after which nothing but being held keeps a member out. */
const HEALTHY_MILLISECONDS = 8_000;
let site: Site;
let load: Load;
let version = 0;
/** When web2 was made to vanish, in milliseconds since the epoch: requests in flight on it may fail then. */
let goneAt: number | undefined;

beforeAll(async () => {
  site = await Site.start({ name: 'late', members: ['web1', 'web2'] });
  site.lines = { tolerate: 1, retry_timeout: 5 };
  await newSource();
  await site.succeed('provision', 'eu');
  await site.succeed('deploy', 'shop/live');
}, LONG);
afterAll(() => site?.stop(), LONG);

beforeEach(async () => {
  goneAt = undefined;
  load = await site.gentleLoad({ maxSeconds: 500, slowSeconds: 2, timeoutMs: 5_000 });
});
afterEach(() => load.stop());

const newSource = (): Promise<void> => site.source({ version: String(++version) });

/** Deploys a new release while web2 is away. @returns its id, and when the deploy had ended. */
async function deployWithout(): Promise<{ id: string; endedAt: number }> {
  await newSource();
  const { exitCode, result } = await site.operate('deploy', 'shop/live');
  const endedAt = Date.now();
  expect(exitCode, result.message).toBe(0);
  expect(result.message).toContain('web2 is behind and out of service until the next deploy reaches it.');
  return { id: result.release!.id, endedAt };
}

/** web2 answers again, and is as healthy as can be; yet nobody asks it, and status says what brings it back. */
async function expectHeldBack(id: string): Promise<void> {
  await sleep(HEALTHY_MILLISECONDS);
  const { members, live = [] } = await site.status();
  expect(live.map(({ name, unreachable }) => ({ name, unreachable }))).toEqual(['web1', 'web2'].map((name) => ({ name, unreachable: undefined })));
  expect(live.find(({ name }) => name === 'web2')!.release).not.toBe(id);
  expect(members.find(({ name }) => name === 'web2')).toMatchObject({ inService: false, behind: expect.any(String) as string });
  expect(await site.outOfService()).toEqual(['web2']);
  expect((await site.musher('status', 'shop/live')).stdout).toContain('web2 will not be asked before it has caught up: musher deploy shop/live');
}

/** The next deploy brings web2 up to date, and only then it is asked. */
async function expectCaughtUp(): Promise<void> {
  await newSource();
  const { exitCode, result } = await site.operate('deploy', 'shop/live');
  expect(exitCode, result.message).toBe(0);
  const { id } = result.release!;
  expect(await site.servedReleases()).toEqual({ web1: id, web2: id });
  expect(await site.outOfService()).toEqual([]);
  // Until both have answered.
  await sleep(3_000);
  const report = await load.stop();
  expect(membersWith(report, id)).toEqual(['web1', 'web2']);
  expectNoneLost(report);
}

const membersWith = ({ seen }: LoadReport, id: string): string[] => [...new Set(seen.filter(({ release }) => release === id).map(({ member }) => member))].sort();

/** No answer came from an old release after a deploy had ended. */
function expectNothingOld(report: LoadReport, { id, endedAt }: { id: string; endedAt: number }, next?: string): void {
  const timeOf = (seconds: number): number => Date.parse(report.startedAt) + seconds * 1000;
  const late = report.seen.filter(({ release, last }) => release !== id && release !== next && timeOf(last) > endedAt);
  expect(late).toEqual([]);
}

/** No request failed but those that were in flight on web2 as it vanished. */
function expectNoneLost({ failures, failed, startedAt, requests }: LoadReport): void {
  const later = failures.filter(({ at }) => goneAt === undefined || Date.parse(startedAt) + at * 1000 > goneAt + NOTICED_SECONDS * 1000);
  expect(later).toEqual([]);
  // The report keeps twenty of them: more would hide some.
  expect(failed).toBeLessThan(20);
  expect(requests).toBeGreaterThan(100);
}

test('It returns by itself: healthy, and not asked, whatever its balancer and a provision do, until the next deploy', async () => {
  goneAt = Date.now();
  await site.lab.cutLink('web2');
  const deployed = await deployWithout();
  await site.lab.joinLink('web2');
  await expectHeldBack(deployed.id);
  const provisioned = await site.operate('provision', 'eu');
  expect(provisioned.exitCode, provisioned.result.message).toBe(0);
  await site.lab.root('lb1', ['systemctl', 'reload', 'haproxy.service']);
  await expectHeldBack(deployed.id);
  const report = await load.stop();
  expectNothingOld(report, deployed);
  expectNoneLost(report);
}, LONG);

test('It is rebooted with the old release on its disk: its services start, and it is not asked; the next deploy catches it up', async () => {
  const [id] = Object.values(await site.servedReleases());
  await site.lab.powerCut('web2');
  await site.lab.start('web2');
  await expectHeldBack(id!);
  await expectCaughtUp();
}, LONG);

test('It returns in the middle of the next deploy, by a boot: not asked until the one after that', async () => {
  goneAt = Date.now();
  await site.lab.powerCut('web2');
  const missed = await deployWithout();
  site.project = { hooks: { once: ['date >>data/hook-ran && sleep 15'] } };
  await newSource();
  await site.writeSpec();
  expect((await site.musher('deploy', 'shop/live', '--detach')).exitCode).toBe(0);
  const mark = join(site.lab.rootOf('web1'), 'var/aegir/projects/shop/live/shared/data/hook-ran');
  await expect.poll(() => existsSync(mark), { timeout: 120_000 }).toBe(true);
  await site.lab.start('web2');
  const { exitCode, result } = await site.follow('watch', 'shop/live');
  const endedAt = Date.now();
  expect(exitCode, result.message).toBe(0);
  expect(result.members).toMatchObject([{ name: 'web1', inService: true }, { name: 'web2', inService: false }]);
  await expectHeldBack(result.release!.id);
  const report = await load.stop();
  expectNothingOld(report, { id: missed.id, endedAt: missed.endedAt }, result.release!.id);
  expectNothingOld(report, { id: result.release!.id, endedAt });
  expectNoneLost(report);

  site.project = {};
  load = await site.gentleLoad({ maxSeconds: 500 });
  goneAt = undefined;
  await expectCaughtUp();
}, LONG);
