import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeLoadPages, makeRelease } from '../../lab/demo/application/make-release.ts';
import { DEMO_ENVIRONMENTS, makeSpec } from '../../lab/demo/application/make-spec.ts';
import { paths } from '../../lab/home.ts';
import { Lab } from '../../lab/lab.ts';
import { startLoad } from '../../lab/load/load.ts';
import { parseSpec } from '../../spec/parse-spec.ts';

const name = `application-${process.pid}`;
const releases = (environment: string): string => `srv/elsewhere/${environment}/releases`;
let lab: Lab;
let work: string;

/** Serves a release of the host by PHP's own web server; gives the port. */
async function serve(folder: string, port: number): Promise<number> {
  await lab.root('web1', [
    'systemd-run',
    '--quiet',
    '--uid=deploy',
    '--setenv=PHP_CLI_SERVER_WORKERS=8',
    'php',
    '-S',
    `0.0.0.0:${port}`,
    '-t',
    `/${folder}/public`,
  ]);
  await lab.exec('web1', ['sh', '-c', `for n in $(seq 100); do ss -ltn | grep -q ':${port} ' && exit; sleep 0.1; done; exit 1`]);
  return port;
}

const get = async (port: number, path: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(`http://${lab.hosts['web1']!.address}:${port}${path}`);
  return { status: response.status, text: await response.text() };
};

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'application-'));
  lab = await Lab.up({ name, hosts: ['web1'] });
  await lab.root('web1', ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'php8.2-cli', 'php8.2-xml']);
  for (const version of ['1', '2']) {
    await makeRelease({ folder: join(work, releases('wiki/live'), `r${version}`), version, store: paths.packages });
  }
  await makeLoadPages({ folder: join(work, releases('wiki/test'), 'r1'), version: '1', unhealthyOn: ['web1'] });
  await execa('cp', ['-a', join(work, 'srv'), lab.rootOf('web1')]);
  await lab.root('web1', ['chown', '-R', 'deploy:', '/srv/elsewhere']);
});

afterAll(async () => {
  await Lab.down(name);
  if (work) await rm(work, { recursive: true, force: true });
});

test('the application is a wiki that runs from any folder, and its second release looks different', async () => {
  for (const [version, port] of [
    ['1', 8001],
    ['2', 8002],
  ] as const) {
    await serve(`${releases('wiki/live')}/r${version}`, port);
    const page = await get(port, '/doku.php?id=start');
    expect(page.status).toBe(200);
    expect(page.text).toContain('The Musher Handbook');
    expect(page.text).toContain('Every member of the team pulls the same way.');
    expect(page.text).toContain(`Release ${version} of this handbook`);
    expect(page.text).not.toMatch(/Warning|Fatal error|Deprecated:/);
    // The libraries that Debian keeps elsewhere: highlighted code, and the scripts.
    expect((await get(port, '/doku.php?id=wiki:syntax')).text).toContain('class="kw1"');
    expect((await get(port, '/lib/exe/jquery.php')).text).toContain('jQuery');
    expect((await get(port, '/doku.php?id=wiki:syntax&do=edit')).text).toContain('<textarea');
  }
});

test('nothing of a release points out of it', async () => {
  const entries = await readdir(join(work, releases('wiki/live'), 'r1'), { recursive: true, withFileTypes: true });
  const links = entries.filter((entry) => entry.isSymbolicLink());
  for (const link of links) expect(await readlink(join(link.parentPath, link.name))).not.toMatch(/^\//);
  const { stdout } = await execa('grep', ['-rlE', `'/(usr/share|etc)/`, join(work, releases('wiki/live'), 'r1/public')], { reject: false });
  expect(stdout).toBe('');
});

test("a load finds its pages in a release, whose path says the environment's name", async () => {
  const port = await serve(`${releases('wiki/live')}/r1`, 8003);
  const [live] = DEMO_ENVIRONMENTS;
  const target = { address: lab.hosts['web1']!.address, port };
  const report = await startLoad({
    ...{ target, concurrency: 4, maxRequests: 300, maxSeconds: 60, slowSeconds: 1 },
    environments: [{ ...live, shared: 'shared text, seeded by version 1' }],
  }).finished;
  expect(report).toMatchObject({ requests: 300, failed: 0, failures: [], byMember: { web1: 300 }, byRelease: { r1: 300 } });
  expect(report.byPage.slow.latencyMs.median).toBeGreaterThan(1000);
});

test('a release that is meant to be unhealthy on a member answers 503 there', async () => {
  expect(await get(await serve(`${releases('wiki/test')}/r1`, 8004), '/load.php')).toMatchObject({ status: 503 });
});

test("the demo's musher.yml is a spec", () => {
  const text = makeSpec({
    members: [{ name: 'web1', address: '10.77.1.12' }],
    balancers: [{ name: 'lb1', address: '10.77.1.11' }],
    ...{ user: 'deploy', key: '/root/key', source: '/root/site' },
  });
  const result = parseSpec(text, 'musher.yml');
  expect('errors' in result ? result.errors : []).toEqual([]);
  expect('spec' in result && result.spec.projects['wiki']).toMatchObject({
    docroot: 'public',
    shared: [{ path: 'data', type: 'directory' }],
  });
});
