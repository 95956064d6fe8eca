import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { peakMemory, Site } from './site.ts';
import { fingerprint } from './traces.ts';

const LONG = 600_000;
/** Requests and seconds of a load that only the end of the operations ends: they are more than the test has time for. */
const BEYOND_THE_TEST = [200_000, 900] as const;
let site: Site;

beforeAll(async () => {
  site = await Site.start({ name: 'deploy', bare: true });
  await site.source({ version: '1' });
}, LONG);
afterAll(() => site?.stop(), LONG);

const versions = async (): Promise<string[]> => [...new Set(Object.values(await site.servedReleases()).map(String))];

test('Bare servers are provisioned, and a second time nothing changes', async () => {
  const first = await site.operate('provision', 'eu');
  expect(first.exitCode, first.result.message).toBe(0);
  expect(first.result.changed).toBeGreaterThan(0);
  const second = await site.operate('provision', 'eu');
  expect(second.exitCode, second.result.message).toBe(0);
  expect(second.result.changed).toBe(0);
}, LONG);

test('A plan says what a changed spec changes on servers that are ready, and that nothing has changed where that is so', async () => {
  const planned = async (): Promise<string> => (await site.musher('plan', 'provision', 'eu')).stdout;
  expect(await planned()).toContain('is ready, as the spec has it');
  const { lines } = site;
  site.lines = { ...lines, workers: 10, health: { path: '/echo.php' } };
  await site.writeSpec();
  const said = await planned();
  site.lines = lines;
  await site.writeSpec();
  expect(said.match(/shop\/live: .*workers 10 \(so far 12\)/g)).toHaveLength(site.members.length + site.balancers.length);
  expect(said).toContain('path /echo.php');
}, LONG);

test('A first release is deployed to both environments', async () => {
  for (const subject of ['shop/live', 'shop/test']) {
    const { exitCode, result } = await site.operate('deploy', subject);
    expect(exitCode, result.message).toBe(0);
    expect(result.members.map(({ inService }) => inService)).toEqual([true, true, true]);
  }
  expect(await site.outOfService()).toEqual([]);
}, LONG);

test('A plan that somebody has read is carried out, or nothing is', async () => {
  const planned = async (...words: string[]): Promise<string> => {
    await site.writeSpec();
    const { exitCode, stdout, stderr } = await site.musher('plan', ...words, '--json');
    expect(exitCode, stderr).toBe(0);
    const file = join(site.folder, `${words[0]}.json`);
    await writeFile(file, stdout);
    return file;
  };
  const refused = async (file: string, ...words: string[]): Promise<string | undefined> => {
    const before = await fingerprint(site);
    const { exitCode, result } = await site.operate(...words, '--plan', file);
    expect([exitCode, result.failure?.type]).toEqual([1, 'plan-changed']);
    expect(await fingerprint(site)).toEqual(before);
    return result.message;
  };
  await site.source({ version: '1a' });
  const [deploy, provision] = [await planned('deploy', 'shop/live'), await planned('provision', 'eu')];
  await site.source({ version: '1b' });
  expect(await refused(deploy, 'deploy', 'shop/live')).toContain("the files in the source's folder have changed since");
  await site.source({ version: '1a' });
  const done = await site.operate('deploy', 'shop/live', '--plan', deploy);
  expect(done.exitCode, done.result.message).toBe(0);
  expect(await versions()).toEqual([done.result.release!.id]);
  // The servers are not as they were: somebody has deployed.
  expect(await refused(deploy, 'deploy', 'shop/live')).toContain(`Now: web1: from ${done.result.release!.id}`);
  // What a deploy changes, a provision leaves alone.
  expect((await site.operate('provision', 'eu', '--plan', provision)).exitCode).toBe(0);
  expect(await refused(provision, 'provision', 'eu')).toContain('the spec or the servers have changed since');
}, LONG);

test('Deploys, a failing one, a roll back and a provision under a load of 20,000 requests lose none', async ({ annotate }) => {
  const load = await site.load(...BEYOND_THE_TEST);
  const began = performance.now();
  const [first] = await versions();

  await site.source({ version: '2' });
  const second = await site.operate('deploy', 'shop/live');
  expect(second.exitCode, second.result.message).toBe(0);
  const { live = [] } = await site.status();
  expect(new Set(live.map(({ release }) => release))).toEqual(new Set([second.result.release!.id]));
  expect(new Set(live.map(({ checksum }) => checksum))).toEqual(new Set([second.result.release!.checksum]));
  expect(await site.outOfService()).toEqual([]);

  await site.source({ version: '3', unhealthyOn: ['web2'] });
  const failed = await site.operate('deploy', 'shop/live');
  expect(failed.exitCode).toBe(1);
  expect(failed.result.failure).toMatchObject({ type: 'health-check-failed', step: 'switch batch 2 of 3' });
  expect(failed.result.undone).toEqual(['switch batch 2 of 3', 'switch batch 1 of 3', 'upload']);
  expect(failed.result.message).toMatch(/web2: .*\/load\.php.* 503.*Undone: switch batch 2 of 3; switch batch 1 of 3; upload\. web1, web2 and web3 serve .+, as before\./s);
  expect(await versions()).toEqual([second.result.release!.id]);
  expect(await site.outOfService()).toEqual([]);
  expect((await site.status()).live!.every(({ releases }) => !releases.includes(failed.result.message.match(/to (\S+) failed/)![1]!))).toBe(true);

  const back = await site.operate('rollback', 'shop/live');
  expect(back.exitCode, back.result.message).toBe(0);
  expect(await versions()).toEqual([first]);

  expect((await site.operate('provision', 'eu')).result.changed).toBe(0);

  await rollOut('4');
  const operationsTook = (performance.now() - began) / 1000;
  const reports = [await load.stop()];
  expect(reports[0]!.seconds, 'the load ended before the operations').toBeGreaterThanOrEqual(operationsTook);

  // The number is completed under operations too: a request while nothing happens would prove nothing.
  const sent = () => reports.reduce((sum, { requests }) => sum + requests, 0);
  while (sent() < 20_000) {
    const more = await site.load(...BEYOND_THE_TEST);
    await rollOut(`4.${reports.length}`);
    reports.push(await more.stop());
  }
  await annotate(`${reports[0]!.requests} requests during the first operations, ${sent()} with those of ${reports.length - 1} further roll-outs`);
  expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
  expect(reports.map(({ failed }) => failed)).toEqual(reports.map(() => 0));
}, 850_000);

test('A member that does not answer and returns within the retry time: the deploy completes by itself', async () => {
  await site.source({ version: '5' });
  await site.lab.cutLink('web2');
  setTimeout(() => void site.lab.joinLink('web2'), 15_000);
  const { exitCode, result } = await site.operate('deploy', 'shop/live');
  expect(exitCode, result.message).toBe(0);
  expect(await versions()).toEqual([result.release!.id]);
}, LONG);

test('A member that stays away: the deploy fails, and all serve what they served', async () => {
  const before = await site.servedReleases();
  site.lines = { retry_timeout: 5 };
  await site.source({ version: '6' });
  await site.lab.cutLink('web3');
  const { exitCode, result } = await site.operate('deploy', 'shop/live');
  await site.lab.joinLink('web3');
  expect(exitCode).toBe(1);
  expect(result.failure?.type).toBe('host-unreachable');
  expect(await site.servedReleases()).toEqual(before);
  expect(await site.outOfService()).toEqual([]);
}, LONG);

test('A member that stays away and may: it is left out, named as behind, and not put back by its own health check', async () => {
  const before = await site.servedReleases();
  site.lines = { retry_timeout: 5, tolerate: 1 };
  await site.lab.cutLink('web3');
  const { exitCode, result } = await site.operate('deploy', 'shop/live');
  await site.lab.joinLink('web3');
  expect(exitCode, result.message).toBe(0);
  // Its own health check is good again by now: three in a row take a few seconds.
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const status = await site.status();
  expect(status.members.find(({ name }) => name === 'web3')).toMatchObject({ inService: false, behind: expect.any(String) as string });
  expect(await site.servedReleases()).toEqual({ web1: result.release!.id, web2: result.release!.id, web3: before['web3'] });
  expect(await site.outOfService()).toEqual(['web3']);
  expect(await membersSeen()).toEqual(['web1', 'web2']);

  const next = await site.operate('deploy', 'shop/live');
  expect(next.exitCode, next.result.message).toBe(0);
  expect(await versions()).toEqual([next.result.release!.id]);
  expect(await site.outOfService()).toEqual([]);
  expect(await membersSeen()).toEqual(['web1', 'web2', 'web3']);
}, LONG);

test('A second provision that fails half-way leaves the live site as it was', async () => {
  const load = await site.load();
  const before = await fingerprint(site);
  // The members are through with theirs when the balancer's turn comes, and cannot check its new configuration.
  site.lines = { workers: 20, health: { path: '/load.php?other' } };
  await site.lab.root('lb1', ['mv', '/usr/sbin/haproxy', '/usr/sbin/haproxy.away']);
  const { exitCode } = await site.operate('provision', 'eu');
  await site.lab.root('lb1', ['mv', '/usr/sbin/haproxy.away', '/usr/sbin/haproxy']);
  site.lines = {};
  expect(exitCode).not.toBe(0);
  expect(await fingerprint(site)).toEqual(before);
  const report = await load.stop();
  expect(report.failures).toEqual([]);
}, LONG);

test('After all this, neither the worker nor any command has held more memory than it may', async () => {
  const { worker } = await site.service();
  const held = { worker: peakMemory(worker!.pid), commands: site.peakOfCommands };
  // Less than Node itself holds would mean that nothing was measured.
  expect(Math.min(held.worker, held.commands)).toBeGreaterThan(40);
  expect(held.worker).toBeLessThanOrEqual(400);
  expect(held.commands).toBeLessThanOrEqual(150);
});

/** Deploys a new release to both environments at once. */
async function rollOut(version: string): Promise<void> {
  await site.source({ version });
  const ends = await Promise.all(['shop/live', 'shop/test'].map((subject) => site.operate('deploy', subject)));
  for (const { exitCode, result } of ends) expect(exitCode, result.message).toBe(0);
}

async function membersSeen(): Promise<string[]> {
  const load = await site.load(300, 60);
  const report = await load.finished;
  const live = report.seen.filter(({ environment }) => environment === 'shop/live');
  return [...new Set(live.map(({ member }) => member))].sort();
}
