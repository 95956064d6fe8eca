import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAlive } from '../../client/local/process-identity.ts';
import { ENVIRONMENTS, Site } from './site.ts';
import { fingerprint, processes, stillRunning } from './traces.ts';

// One site, since provisioning takes a while: each test goes on from what the one before left it serving.

const LONG = 600_000;
const HOOK_SECONDS = 60;
/** Longer than a cancel takes on the busiest machine: it must be ended. */
const ENDLESS_SECONDS = 300;
const SUBJECT_FOLDER = 'var/aegir/projects/shop/live';
const MARK = 'data/hook-ran';
const LIVE = ENVIRONMENTS.slice(0, 1);
let site: Site;

beforeAll(async () => {
  site = await Site.start({ name: 'interruptions', members: ['web1', 'web2'], balancers: ['lb1', 'lb2'] });
  await site.copyMusher();
  await site.source({ version: '1' });
  await site.succeed('provision', 'eu');
  await site.succeed('deploy', 'shop/live');
  // The hook writes a line each time it runs, and takes a minute.
  site.project = { hooks: { once: [hook(HOOK_SECONDS)] } };
}, LONG);
afterAll(() => site?.stop(), LONG);

const hook = (seconds: number): string => `date >>${MARK} && sleep ${seconds}`;

/** Lines that the hook wrote on all members since the last time. */
async function hookRuns(): Promise<number> {
  const counts = await Promise.all(
    site.members.map(async (member) => {
      const file = `/${SUBJECT_FOLDER}/shared/${MARK}`;
      const { stdout } = await site.lab.root(member, ['sh', '-c', `cat ${file} 2>/dev/null | wc -l; rm -f ${file}`]);
      return Number(stdout);
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Every run of Ansible in the operation's own words: how many times it was started, and which hosts it finished more than once. */
function runsOf(workflow: string): { starts: number; repeated: string[] }[] {
  const folder = join(site.home, 'runs');
  return readdirSync(folder)
    .filter((name) => name.startsWith(workflow))
    .map((name) => {
      const events = readFileSync(join(folder, name, 'events.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { event: string; host?: string });
      const done = events.filter(({ event }) => event === 'host_done').map(({ host }) => host!);
      return { starts: events.filter(({ event }) => event === 'start').length, repeated: done.filter((host, index) => done.indexOf(host) !== index) };
    });
}

/** Kills whatever runs for this site's Musher on this machine, all at once; the command lines of what it was. */
function killEverything(): string[] {
  return processes((environment) => environment.includes(site.home)).map(({ pid, command }) => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
    return command;
  });
}

/** Waits until one of these members has a part of a release, and not yet the whole. */
const untilUploading = (members = site.members): Promise<void> => untilAMemberHas((folder) => partsIn(folder).length > 0, members);

const partsIn = (folder: string): string[] => names(join(folder, 'releases')).filter((name) => name.endsWith('.partial'));

/** Waits until the hook has written its line. */
const untilHookRuns = (): Promise<void> => untilAMemberHas((folder) => existsSync(join(folder, 'shared', MARK)));

async function untilAMemberHas(found: (folder: string) => boolean, members = site.members, seconds = 120): Promise<void> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(50)) {
    if (members.some((member) => found(join(site.lab.rootOf(member), SUBJECT_FOLDER)))) return;
  }
  throw new Error(`No member came so far within ${seconds} s: ${(await site.musher('status', 'shop/live')).stdout}`);
}

const names = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** Makes a source with something to be in the middle of: rsync sends what is random at its full size. */
const bigSource = (version: string, files = 300): Promise<void> =>
  site.source({ version }, async (folder) => {
    for (let index = 0; index < files; index++) await writeFile(join(folder, `blob-${index}`), randomBytes(400_000));
  });

async function startDeploy(): Promise<void> {
  await site.writeSpec();
  expect((await site.musher('deploy', 'shop/live', '--detach')).exitCode).toBe(0);
}

async function crashing(version: string, faults: () => Promise<void>): Promise<void> {
  await bigSource(version);
  await startDeploy();
  await faults();
  // Whoever looks next takes it up: the command starts what is missing.
  const { exitCode, stdout, stderr } = await site.musher('watch', 'shop/live', '--json');
  expect(exitCode, `${stdout.slice(-1500)}\n${stderr}`).toBe(0);
  expect(await hookRuns()).toBe(1);
  expect(runsOf('environment-shop-live').flatMap(({ repeated }) => repeated)).toEqual([]);
  const served = await site.servedReleases();
  expect(new Set(Object.values(served)).size).toBe(1);
  expect(await site.outOfService()).toEqual([]);
}

describe('What is killed is taken up again', () => {
  test('The worker is killed in the middle of an upload, and again in the middle of a hook: its successor takes both up', () =>
    crashing('2', async () => {
      await untilUploading();
      await site.kill('worker');
      expect((await site.musher('service', 'start')).exitCode).toBe(0);
      await untilHookRuns();
      await sleep(5000);
      await site.kill('worker');
    }), LONG);

  test('The worker is replaced by a newer one in the middle of a hook; then the server is killed', () =>
    crashing('3', async () => {
      await untilHookRuns();
      const { worker: old } = await site.service();
      await site.changeCode();
      const asked = Date.now();
      expect((await site.musher('status', 'shop/live')).exitCode).toBe(0);
      // It went when it was asked to, with SIGTERM: it would have been killed after 30 s.
      expect(Date.now() - asked).toBeLessThan(25_000);
      const { worker: newer } = await site.service();
      expect(newer!.pid).not.toBe(old!.pid);
      expect(newer!.build).not.toBe(old!.build);
      expect([isAlive(old!), isAlive(newer!)]).toEqual([false, true]);
      await sleep(2000);
      await site.kill('server');
    }), LONG);

  test('The machine is rebooted in the middle of an upload: worker, server, Ansible and its supervisor are all gone', () => {
    site.project = { hooks: { once: [hook(1)] } };
    return crashing('4', async () => {
      await untilUploading();
      const killed = killEverything();
      expect(killed.filter((command) => command.includes('worker/main.ts'))).toHaveLength(1);
      expect(killed.filter((command) => command.includes('temporal'))).toHaveLength(1);
      // The supervisor and Ansible, which are forks of the same program.
      expect(killed.filter((command) => command.includes('nursery')).length).toBeGreaterThan(1);
      await sleep(2000);
    });
  }, LONG);
});

/** Cancels the deploy that is under way at a moment, and holds the hosts against what they were. */
async function cancelling(moment: () => Promise<void>, undone: string[]): Promise<void> {
  const observed = await site.observation();
  const before = await fingerprint(site);
  await startDeploy();
  await moment();
  const asked = await site.musher('cancel', 'shop/live');
  expect(asked).toMatchObject({ exitCode: 0, stdout: 'The operation (deploy) is asked to end; it undoes what it did. Follow it with "musher watch shop/live".' });
  const { exitCode, result } = await site.follow('watch', 'shop/live');
  expect(exitCode, result.message).toBe(1);
  expect(result).toMatchObject({ outcome: 'cancelled', failure: { type: 'cancelled' }, undone, notUndone: [] });
  const [serves] = new Set(Object.values(await site.servedReleases()));
  const said = `The deploy of shop/live was cancelled. Undone: ${undone.join('; ')}. web1 and web2 serve ${serves}, as before.`;
  expect(result.message).toBe(undone.length > 0 ? said : 'shop/live was left as it was: The operation was cancelled.');
  expect(await stillRunning(site)).toEqual({});
  expect(await site.outOfService()).toEqual([]);
  expect(await site.observation()).toEqual(observed);
  expect(await fingerprint(site)).toEqual(before);
  const again = await site.musher('cancel', 'shop/live');
  expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('shop/live has no operation under way') as string });
}

describe('A deploy that is cancelled leaves everything as it was', () => {
  test('in the middle of a build, of which nothing is left either', async () => {
    const building = () => processes((environment) => environment.includes(site.home)).filter(({ command }) => command.startsWith('sleep 300'));
    site.project = { build: 'sleep 300' };
    await site.source({ version: '4.1' });
    await cancelling(() => expect.poll(building, { timeout: 60_000 }).toHaveLength(1), []);
    expect(building()).toEqual([]);
  }, LONG);

  test('in the middle of an upload', async () => {
    site.project = {};
    // More than is sent while the cancel is asked for.
    await bigSource('5', 1200);
    const moment = async (): Promise<void> => {
      await untilUploading(['web1']);
      expect(Object.keys(await stillRunning(site))).toEqual(expect.arrayContaining(['this machine', 'web1']));
    };
    await cancelling(moment, ['upload']);
  }, LONG);

  test('in the middle of a hook', async () => {
    site.project = { hooks: { once: [hook(ENDLESS_SECONDS)] } };
    await site.source({ version: '6' });
    const started = Date.now();
    const moment = async (): Promise<void> => {
      await untilHookRuns();
      expect(Object.keys(await stillRunning(site))).toEqual(['this machine', 'web1']);
    };
    await cancelling(moment, ['once hooks', 'upload']);
    expect(Date.now() - started).toBeLessThan(ENDLESS_SECONDS * 1000);
    expect(await hookRuns()).toBe(1);
  }, LONG);

  test('in the middle of a switch, while a hook of each member runs and its member is drained', async () => {
    site.project = { hooks: { each: [`sleep ${ENDLESS_SECONDS}`] } };
    await site.source({ version: '6.1' });
    const moment = async (): Promise<void> => {
      await expect.poll(async () => (await stillRunning(site))['web1'] ?? '', { timeout: 120_000, interval: 500 }).toContain(`sleep ${ENDLESS_SECONDS}`);
      expect(await site.outOfService()).toEqual(['web1']);
    };
    const started = Date.now();
    await cancelling(moment, ['switch batch 1 of 2', 'upload']);
    expect(Date.now() - started).toBeLessThan(ENDLESS_SECONDS * 1000);
  }, LONG);

  test('between two batches, under load, which loses nothing', async () => {
    // The second batch must not be over before the command has asked.
    site.project = { hooks: { each: ['sleep 5'] } };
    await site.source({ version: '7' });
    const load = await site.gentleLoad({ maxSeconds: 300 });
    const cancelled = cancelling(() => site.until('shop/live', 'switch batch 1 of 2', 'done'), ['switch batch 2 of 2', 'switch batch 1 of 2', 'upload']);
    // A load that went on would be in the way of the next test.
    const report = await cancelled.finally(() => load.stop()).then(() => load.stop());
    expect(report.failures).toEqual([]);
    expect(report.failed).toBe(0);
    expect(report.requests).toBeGreaterThan(100);
  }, LONG);
});

test('A request through one of two balancers outlasts the drain: the deploy fails, says so, and both balancers ask everybody as before', async () => {
  site.project = {};
  site.lines = { drain_timeout: 3 };
  await site.source({ version: '8' });
  const observed = await site.observation();
  const before = await fingerprint(site);
  const slow = slowRequests('lb2', 30);
  const { exitCode, result } = await site.operate('deploy', 'shop/live');
  expect(exitCode, result.message).toBe(1);
  expect(result).toMatchObject({ outcome: 'failed', failure: { type: 'drain-timed-out', step: 'switch batch 1 of 2' }, undone: ['switch batch 1 of 2', 'upload'], notUndone: [] });
  expect(result.failure!.message).toMatch(/^lb2: web1 still has \d+ of the requests to shop_live after 3 s/);
  expect(await site.outOfService()).toEqual([]);
  expect(await site.observation()).toEqual(observed);
  expect(await fingerprint(site)).toEqual(before);
  expect(await stillRunning(site)).toEqual({});
  // And whoever was being answered was answered, by both.
  expect([...new Set(await slow)].sort()).toEqual(['200 web1', '200 web2']);
}, LONG);

/** Asks for slow pages, of seconds, of both members; status and member of each answer. */
const slowRequests = (balancer: string, seconds: number): Promise<string[]> =>
  Promise.all(
    Array.from({ length: 4 }, async () => {
      const { address } = site.lab.host(balancer);
      const asked = ['-sS', '-H', `Host: ${LIVE[0]!.host}`, '-w', '\n%{http_code}', `http://${address}/slow.php?seconds=${seconds}`];
      const { failed, stdout, stderr } = await execa('curl', asked, { reject: false });
      if (failed) return stderr;
      const [body, status] = stdout.trim().split(/\n+/) as [string, string];
      return `${status} ${(JSON.parse(body) as { member: string }).member}`;
    }),
  );
