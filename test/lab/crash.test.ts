import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Site } from './site.ts';

const LONG = 600_000;
const HOOK_SECONDS = 60;
const MARK = 'data/hook-ran';
let site: Site;

beforeAll(async () => {
  site = await Site.start({ name: 'crash', members: ['web1', 'web2'] });
  await site.source({ version: '1' });
  const { exitCode, result } = await site.operate('provision', 'eu');
  expect(exitCode, result.message).toBe(0);
  const deployed = await site.operate('deploy', 'shop/live');
  expect(deployed.exitCode, deployed.result.message).toBe(0);
  // The hook writes a line each time it runs, and takes a minute.
  site.project = { hooks: { once: [hook(HOOK_SECONDS)] } };
}, LONG);
afterAll(() => site?.stop(), LONG);

const hook = (seconds: number): string => `date >>${MARK} && sleep ${seconds}`;

/** Lines that the hook wrote on all members since the last time. */
async function hookRuns(): Promise<number> {
  const counts = await Promise.all(
    site.members.map(async (member) => {
      const file = `/var/aegir/projects/shop/live/shared/${MARK}`;
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
  const marked = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && read(`/proc/${name}/environ`).includes(site.home));
  return marked.map((pid) => {
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
    return command;
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function crashing(version: string, faults: () => Promise<void>): Promise<void> {
  await site.source({ version }, async (folder) => {
    // Something to be in the middle of: rsync sends what is random at its full size.
    for (let index = 0; index < 300; index++) await writeFile(join(folder, `blob-${index}`), randomBytes(400_000));
  });
  await site.writeSpec();
  expect((await site.musher('deploy', 'shop/live', '--detach')).exitCode).toBe(0);
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

test('The worker is killed in the middle of an upload, and again in the middle of a hook: its successor takes both up', () =>
  crashing('2', async () => {
    await site.until('shop/live', 'upload', 'running');
    await site.signal('worker', 'SIGKILL');
    await sleep(1000);
    expect((await site.musher('service', 'start')).exitCode).toBe(0);
    await site.until('shop/live', 'once hooks', 'running', 120);
    await sleep(5000);
    await site.signal('worker', 'SIGKILL');
    await sleep(1000);
  }), LONG);

test('The worker is asked to end and replaced; then the server is killed', () =>
  crashing('3', async () => {
    await site.until('shop/live', 'once hooks', 'running', 120);
    const { worker } = await site.service();
    await site.signal('worker', 'SIGTERM');
    await sleep(3000);
    expect((await site.musher('service', 'start')).exitCode).toBe(0);
    expect((await site.service()).worker!.pid).not.toBe(worker!.pid);
    await sleep(2000);
    await site.signal('server', 'SIGKILL');
    await sleep(2000);
  }), LONG);

test('The machine is rebooted in the middle of an upload: worker, server, Ansible and its supervisor are all gone', () => {
  site.project = { hooks: { once: [hook(1)] } };
  return crashing('4', async () => {
    await site.until('shop/live', 'upload', 'running');
    const killed = killEverything();
    expect(killed.filter((command) => command.includes('worker/main.ts'))).toHaveLength(1);
    expect(killed.filter((command) => command.includes('temporal'))).toHaveLength(1);
    // The supervisor and Ansible, which are forks of the same program.
    expect(killed.filter((command) => command.includes('nursery')).length).toBeGreaterThan(1);
    await sleep(2000);
  });
}, LONG);
