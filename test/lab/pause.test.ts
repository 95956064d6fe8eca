import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SubjectStatus } from '../../cli/status/collect-status.ts';
import type { Question } from '../../contract/decision.ts';
import type { Load } from '../../lab/load/load.ts';
import { Site } from './site.ts';
import { fingerprint, stillRunning } from './traces.ts';

// One site, since provisioning takes a while: each test goes on from what the one before left it serving.

const LONG = 600_000;
const SHARED = '/var/aegir/projects/shop/live/shared/data';
let site: Site;
let load: Load;
let version = 1;

beforeAll(async () => {
  site = await Site.start({ name: 'pause' });
  site.lines = { health: { path: '/ready.php' }, on_failure: 'pause', retry_timeout: 10 };
  await nextRelease();
  await site.succeed('provision', 'eu');
  await site.succeed('deploy', 'shop/live');
}, LONG);
afterAll(() => site?.stop(), LONG);

beforeEach(async () => {
  // A test that failed may have left one, which the others are not to suffer from.
  if ((await status()).running && (await site.musher('cancel', 'shop/live')).exitCode === 0) await site.musher('watch', 'shop/live');
  load = await site.gentleLoad({ maxSeconds: 600 });
});
afterEach(async () => {
  const report = await load.stop();
  expect(report.failures).toEqual([]);
  expect(report.failed).toBe(0);
  expect(report.requests).toBeGreaterThan(50);
});

/** Makes the source of the next release, which is healthy on a member unless the member has been broken for it. */
const nextRelease = (): Promise<void> =>
  site.source({ version: String(++version) }, (folder) =>
    writeFile(join(folder, 'public/ready.php'), `<?php http_response_code(file_exists(dirname(__DIR__) . '/data/broken-${version}') ? 503 : 200);\n`),
  );

const breakMember = (member: string) => site.lab.root(member, ['touch', `${SHARED}/broken-${version}`]);
const mendMember = (member: string) => site.lab.root(member, ['rm', '-f', `${SHARED}/broken-${version}`]);

async function status(): Promise<SubjectStatus> {
  const { stdout } = await site.musher('status', 'shop/live', '--json');
  return (JSON.parse(stdout) as { subjects: SubjectStatus[] }).subjects[0]!;
}

async function question(id = 1): Promise<Question> {
  let seen: SubjectStatus | undefined;
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(500)) {
    // What was killed comes back with a command.
    seen = (await site.glance()) ?? (await status());
    if (seen?.running?.question?.id === id) return seen.running.question;
    if (seen && !seen.running) break;
  }
  throw new Error(`no question ${id} was asked: ${JSON.stringify(seen)}`);
}

/** Starts a deploy that is healthy on all members but web2, and waits until it asks. @returns the release that serves, and what is asked. */
async function pausedDeploy(): Promise<{ old: string; asked: Question }> {
  await nextRelease();
  await breakMember('web2');
  const { web1: old } = await site.servedReleases();
  await startDeploy();
  return { old: old!, asked: await question() };
}

async function startDeploy(): Promise<void> {
  await site.writeSpec();
  const { exitCode, stderr } = await site.musher('deploy', 'shop/live', '--detach');
  expect(exitCode, stderr).toBe(0);
}

async function decide(...words: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await site.musher(...words);
  expect(exitCode, stderr).toBe(0);
  return stdout;
}

/** Deploys a release that is healthy everywhere: all members serve it, none is out of service. */
async function expectNextDeployReachesAll(): Promise<void> {
  await nextRelease();
  const { exitCode, result } = await site.operate('deploy', 'shop/live');
  expect(exitCode, result.message).toBe(0);
  const { id } = result.release!;
  expect(await site.servedReleases()).toEqual({ web1: id, web2: id, web3: id });
  expect(await site.outOfService()).toEqual([]);
}

describe('A deploy whose health check fails on the second member pauses, under load', () => {
  test('it waits through the death of server and worker; the member is mended, and retry completes it', async () => {
    const { asked } = await pausedDeploy();
    expect(asked.step).toBe('switch batch 2 of 3');
    expect(asked.situation).toMatch(/web2: .*\/ready\.php.* 503.* Meanwhile web1 is serving .+, web2 is held out of service and web3 is serving .+, as before\./s);
    expect(await site.outOfService()).toEqual(['web2']);

    await site.kill('worker');
    await site.kill('server');
    expect(await question()).toEqual(asked);
    expect((await site.musher('status', 'shop/live')).stdout).toContain('musher skip web2 shop/live');
    expect(await site.outOfService()).toEqual(['web2']);

    await mendMember('web2');
    expect(await decide('retry', 'shop/live')).toMatch(/^Decided at "switch batch 2 of 3": retry, by .+@.+, at .+ UTC\. Follow it with "musher watch shop\/live"\.$/m);
    const { exitCode, result } = await site.follow('watch', 'shop/live');
    expect(exitCode, result.message).toBe(0);
    expect(result.decisions).toMatchObject([{ decision: 'retry', step: 'switch batch 2 of 3' }]);
    expect(new Set(Object.values(await site.servedReleases()))).toEqual(new Set([result.release!.id]));
    expect(await site.outOfService()).toEqual([]);
  }, LONG);

  test('skip goes on without it: out of service, named as behind, and brought back by the next deploy', async () => {
    await pausedDeploy();
    await decide('skip', 'web2', 'shop/live');
    const { exitCode, result } = await site.follow('watch', 'shop/live');
    expect(exitCode, result.message).toBe(0);
    const served = await site.servedReleases();
    expect([served['web1'], served['web3']]).toEqual([result.release!.id, result.release!.id]);
    expect(await site.outOfService()).toEqual(['web2']);
    expect((await status()).members.find(({ name }) => name === 'web2')).toMatchObject({ inService: false, behind: expect.stringContaining('503') as string });
    await expectNextDeployReachesAll();
  }, LONG);

  test('rollback undoes everything', async () => {
    const observed = await site.observation();
    const before = await fingerprint(site);
    await pausedDeploy();
    await decide('rollback', 'shop/live', '--paused');
    const { exitCode, result } = await site.follow('watch', 'shop/live');
    expect(exitCode).toBe(1);
    expect(result).toMatchObject({ outcome: 'failed', undone: ['switch batch 2 of 3', 'switch batch 1 of 3', 'upload'], notUndone: [] });
    expect(await site.observation()).toEqual(observed);
    expect(await fingerprint(site)).toEqual(before);
    expect(await stillRunning(site)).toEqual({});
    // The pause is over: what would now start a roll back is refused.
    expect(await site.musher('rollback', 'shop/live', '--paused')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('shop/live is not paused') as string });
  }, LONG);

  test('abort leaves it as it is: the member stays out, whatever its balancer goes through, and status names it', async () => {
    const { old } = await pausedDeploy();
    await decide('abort', 'shop/live');
    const { exitCode, result } = await site.follow('watch', 'shop/live');
    expect(exitCode).toBe(1);
    expect(result.message).toMatch(/decided to end it as it was: web1 is serving .+, web2 is left out of service and web3 is serving .+, as before\.$/);
    expect(result.members.map(({ inService }) => inService)).toEqual([true, false, true]);
    const served = await site.servedReleases();
    expect(served).toMatchObject({ web1: result.members[0]!.release, web3: old });
    expect(served['web1']).not.toBe(old);
    await mendMember('web2');
    // Reloaded from its configuration, and with the member healthy again for three checks in a row.
    await site.lab.root('lb1', ['systemctl', 'reload', 'haproxy.service']);
    await sleep(8_000);
    expect(await site.outOfService()).toEqual(['web2']);
    const { stdout } = await site.musher('status', 'shop/live');
    expect(stdout).toMatch(/web2 .*behind: it was not switched/);
    await expectNextDeployReachesAll();
  }, LONG);
});

describe('Once hooks that a person decides about', () => {
  const mark = (name: string): string => `date >>data/${name}`;
  const linesOf = async (name: string): Promise<number> => {
    const counts = await Promise.all(site.members.map(async (member) => Number((await site.lab.root(member, ['sh', '-c', `cat ${SHARED}/${name} 2>/dev/null | wc -l`])).stdout)));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  afterEach(() => void (site.project = {}));

  test('one that failed is run again, or taken for done; those that ended well are not run again', async () => {
    site.project = { hooks: { once: [mark('first'), `${mark('second')} && test -e data/mended`, `${mark('third')} && false`] } };
    await nextRelease();
    await startDeploy();
    expect((await question()).choices.map(({ decision }) => decision)).toEqual(['retry', 'done', 'rollback', 'abort']);
    await site.lab.root('web1', ['touch', `${SHARED}/mended`]);
    await decide('retry', 'shop/live');
    expect((await question(2)).situation).toContain('third');
    await decide('done', 'shop/live');
    const { exitCode, result } = await site.follow('watch', 'shop/live');
    expect(exitCode, result.message).toBe(0);
    expect(await Promise.all(['first', 'second', 'third'].map(linesOf))).toEqual([1, 2, 1]);
  }, LONG);

  test('one that was cut off is not run a second time until somebody says so; then everything can still be undone', async () => {
    site.project = { hooks: { once: [`${mark('cut')} && sleep 60`] } };
    await nextRelease();
    const before = await site.servedReleases();
    await startDeploy();
    await expect.poll(() => linesOf('cut'), { timeout: 60_000 }).toBe(1);
    await site.lab.root('web1', ['sh', '-c', 'systemctl kill --signal=KILL "musher-once-*"']);
    expect((await question()).failure?.type).toBe('hook-outcome-unknown');
    expect(await linesOf('cut')).toBe(1);
    await decide('retry', 'shop/live');
    await expect.poll(() => linesOf('cut'), { timeout: 60_000 }).toBe(2);
    expect((await site.musher('cancel', 'shop/live')).exitCode).toBe(0);
    const { result } = await site.follow('watch', 'shop/live');
    expect(result).toMatchObject({ outcome: 'cancelled', undone: ['once hooks', 'upload'], notUndone: [] });
    expect(await stillRunning(site)).toEqual({});
    expect(await site.servedReleases()).toEqual(before);
  }, LONG);
});
