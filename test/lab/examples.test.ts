import { readdirSync } from 'node:fs';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { placeExample, readExample, type Example, type ExampleProject } from './place-example.ts';
import { Site } from './site.ts';

// Every file of examples/ is provisioned and deployed, all on the same hosts, one after another. What needs a kernel with NFS is elsewhere.

const ELSEWHERE = { 'drupal.yml': 'files.test.ts', 'pack.yml': 'pack.test.ts', 'pack-volumes.yml': 'volumes.test.ts' };
const LONG = 300_000;
const OTHER_PORT = 2222;
let site: Site;

beforeAll(async () => {
  site = await Site.start({ name: 'examples', members: ['web1', 'web2', 'web3', 'old1'], balancers: ['lb1', 'lb2'] });
  await Promise.all([
    ...['web1', 'web2'].map((name) => site.lab.root(name, ['sh', '-c', 'cp -r /home/deploy/.ssh /root/ && chown -R root: /root/.ssh'])),
    listenOnOtherPort('web2'),
    haveOwnWebServer('old1', 'shop/test/web'),
    ...['web1', 'web2'].map((name) => haveOwnWebServer(name, 'intranet/live/public')),
  ]);
}, LONG);
afterAll(() => site?.stop(), LONG);

async function listenOnOtherPort(name: string): Promise<void> {
  await site.lab.root(name, ['/usr/sbin/sshd', '-p', String(OTHER_PORT), '-o', 'PidFile=/run/other-sshd.pid']);
  const { stdout } = await site.lab.root(name, ['cat', '/etc/ssh/ssh_host_ed25519_key.pub']);
  await appendFile(join(site.home, 'known_hosts'), `[${site.lab.host(name).address}]:${OTHER_PORT} ${stdout.split(' ').slice(0, 2).join(' ')}\n`);
}

/** A web server that Musher knows nothing of, which serves what an environment's `current` leads to. */
async function haveOwnWebServer(name: string, current: string): Promise<void> {
  const server = `server { listen 8080; server_name _; root /var/lib/musher/current/${current}; index index.html; }`;
  await site.lab.root(name, ['apt-get', 'install', '--yes', '-qq', '--no-install-recommends', 'nginx']);
  await site.lab.root(name, ['sh', '-ec', 'echo "$1" > /etc/nginx/conf.d/own.conf; systemctl restart nginx', 'sh', server]);
}

test('Every example is deployed by a test', () => {
  expect([...deployed, ...Object.keys(ELSEWHERE)].sort()).toEqual(readdirSync(join(import.meta.dirname, '../../examples')));
});

const deployed = ['one-balancer.yml', 'two-balancers.yml', 'environments.yml', 'wordpress.yml', 'static.yml', 'own-web-server.yml', 'cluster.yml'];

test.each(deployed)('%s', async (name) => {
  const folder = join(site.folder, name.replace('.yml', ''));
  const example = await readExample(name);
  for (const [project, settings] of Object.entries(example.projects)) await makeCode(folder, project, settings);
  for (const { domains, tls } of environmentsOf(example)) if (tls) await makeCertificate(join(folder, tls.certificate.file), domains);
  await placeExample(site, name, folder);

  for (const group of Object.keys(example.groups)) await succeed(folder, 'provision', group);
  await Promise.all(environmentsOf(example).map(({ subject, mustBeApproved }) => succeed(folder, 'deploy', subject, mustBeApproved)));
  for (const environment of environmentsOf(example)) await expectServed(example, environment, folder);
}, LONG);

test('The hooks of cluster.yml ran as they say, on servers of all kinds', async () => {
  const told = await Promise.all(['web1', 'web2', 'web3'].map(async (name) => (await site.lab.root(name, ['cat', '/var/lib/musher/home/shop--live/drush'])).stdout.trim().split('\n')));
  expect(told.flat().filter((line) => line === 'deploy -y')).toHaveLength(1);
  expect(told.map((lines) => lines.filter((line) => line === 'cache:warm').length)).toEqual([1, 1, 1]);
  const played = await Promise.all(['web1', 'lb1'].map(async (name) => (await site.lab.root(name, ['cut', '-d', ' ', '-f', '1', '/var/tmp/playbooks'])).stdout.trim().split('\n')));
  expect(played).toEqual([['announce.yml', 'purge-cache.yml'], ['announce.yml']]);
});

interface Environment {
  subject: string;
  project: string;
  settings: ExampleProject;
  mustBeApproved: boolean;
  group: string;
  domains: string[];
  ref?: string;
  tls?: { certificate: { file: string } };
}

const environmentsOf = ({ projects }: Example): Environment[] =>
  Object.entries(projects).flatMap(([project, settings]) =>
    Object.entries(settings.environments).map(([name, environment]) => ({
      ...environment,
      project,
      settings,
      subject: `${project}/${name}`,
      mustBeApproved: (environment.approval ?? settings.approval ?? 'none') !== 'none',
    })),
  );

async function succeed(folder: string, operation: string, subject: string, mustBeApproved = false): Promise<void> {
  const ended = site.follow(operation, subject, '--file', join(folder, 'musher.yml'));
  if (mustBeApproved) await expect.poll(async () => (await site.musher('approve', subject)).exitCode, { timeout: 120_000, interval: 1000 }).toBe(0);
  const { exitCode, result } = await ended;
  expect(exitCode, `${operation} ${subject}: ${result.message}`).toBe(0);
}

/** Code that says which it is, laid out and built as the example has it. */
async function makeCode(folder: string, project: string, { app, docroot = app === 'drupal' ? 'web' : '.', environments }: ExampleProject): Promise<void> {
  const refs = new Set(Object.values(environments).map(({ ref }) => ref));
  for (const ref of refs) {
    const says = `${project} ${ref ?? ''}`.trim();
    const page = `<?php echo '${says} ', gethostname();`;
    const pages: Record<string, string> = {
      [join(docroot, 'index.html')]: says,
      ...(app !== 'static' && { [join(docroot, 'index.php')]: page, [join(docroot, 'health.php')]: page, [join(docroot, 'wp-login.php')]: page }),
      'bin/migrate.php': '<?php touch($_SERVER["HOME"] . "/migrated");',
      'conf/local.php': '<?php return [];',
      Makefile: `html:\n\tmkdir -p build/html\n\techo '${says}' > build/html/index.html\n`,
      'package.json': '{ "name": "site", "version": "1.0.0", "scripts": { "build": "true" } }',
      'package-lock.json': '{ "name": "site", "version": "1.0.0", "lockfileVersion": 3, "packages": { "": { "name": "site", "version": "1.0.0" } } }',
    };
    const tree = join(folder, refs.size === 1 ? project : `${project}@${ref}`);
    for (const [path, text] of Object.entries(pages)) {
      await mkdir(dirname(join(tree, path)), { recursive: true });
      await writeFile(join(tree, path), text);
    }
  }
}

async function makeCertificate(file: string, domains: string[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const names = domains.map((domain) => `DNS:${domain}`).join(',');
  await execa('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=example', '-addext', `subjectAltName=${names}`, '-keyout', `${file}.key`, '-out', `${file}.crt`]);
  const { stdout } = await execa('cat', [`${file}.crt`, `${file}.key`]);
  await writeFile(file, `${stdout}\n`);
}

/** Every balancer, or where there is none every member, answers to every domain with the environment's own page; and all members do so. */
async function expectServed(example: Example, { project, settings, group, domains, ref, tls }: Environment, folder: string): Promise<void> {
  const { members, balancers = [], port = 80, web } = example.groups[group]!;
  const says = `${project} ${ref ?? ''}`.trim();
  const asked = balancers.length > 0 ? balancers : members;
  for (const domain of domains) {
    for (const host of asked) {
      const answers = await Promise.all([...members, ...members, ...members].map(() => ask(host, domain, balancers.length > 0 ? (tls ? 443 : 80) : port, tls && join(folder, tls.certificate.file))));
      for (const answer of answers) expect(answer, `${domain} at ${host}`).toMatch(new RegExp(`^${says}\\b`));
      if (settings.app === 'static' || web === 'none') continue;
      expect([...new Set(answers.map((answer) => answer.split(' ').at(-1)))].sort(), `${domain} at ${host}`).toEqual(balancers.length > 0 ? members : [host]);
    }
  }
}

async function ask(host: string, domain: string, port: number, certificate?: string): Promise<string> {
  const way = ['--resolve', `${domain}:${port}:${site.lab.host(host).address}`, ...(certificate === undefined ? [] : ['--cacert', certificate])];
  const { stdout } = await execa('curl', ['-sS', '--fail', '-m', '20', ...way, `${certificate === undefined ? 'http' : 'https'}://${domain}:${port}/`]);
  return stdout.trim();
}
