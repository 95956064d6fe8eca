import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Site } from './site.ts';

const LONG = 600_000;
const BIN = join(import.meta.dirname, '../../.venv/bin');
let site: Site;

beforeAll(async () => {
  site = await Site.start({ name: 'command', members: ['web1'], balancers: ['lb1', 'lb2'] });
  await site.source({ version: '1' });
  await execa('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=shop.example.net', '-addext', 'subjectAltName=DNS:shop.example.net', '-keyout', 'key.pem', '-out', 'cert.pem'], { cwd: site.folder });
  const pem = (await readFile(join(site.folder, 'cert.pem'), 'utf8')) + (await readFile(join(site.folder, 'key.pem'), 'utf8'));
  await writeFile(join(site.folder, 'site.pem'), pem, { mode: 0o600 });
  site.lines = { tls: { certificate: { file: 'site.pem' } } };
}, LONG);
afterAll(() => site?.stop(), LONG);

const shell = (command: string) => execa('/bin/sh', ['-c', command], { cwd: site.folder, env: { ...site.environment, PATH: `${BIN}:${process.env['PATH'] ?? ''}` }, extendEnv: false, reject: false });

test('A group of one member behind two balancers, with TLS, is provisioned twice; the certificate is in no file of the worker afterwards', async () => {
  expect((await site.operate('provision', 'eu')).exitCode).toBe(0);
  expect((await site.operate('provision', 'eu')).result.changed).toBe(0);
  const key = (await readFile(join(site.folder, 'key.pem'), 'utf8')).split('\n')[1]!;
  const { stdout } = await execa('grep', ['-rlaF', key, site.home], { reject: false });
  expect(stdout).toBe('');
}, LONG);

test("The temporal command starts the same deploy with the input that musher prints, and both balancers serve the site over TLS", async () => {
  const { stdout: command } = await site.musher('input', 'deploy', 'shop/live', '--command');
  expect(command).toMatch(/^temporal workflow start /);
  const started = await shell(command);
  expect(started.exitCode, started.stderr).toBe(0);
  const { exitCode, stdout } = await site.musher('watch', 'shop/live', '--json');
  expect(exitCode, stdout.slice(-2000)).toBe(0);
  for (const balancer of ['lb1', 'lb2']) {
    const { address } = site.lab.host(balancer);
    const answer = await execa('curl', ['-sS', '--cacert', join(site.folder, 'cert.pem'), '--resolve', `shop.example.net:443:${address}`, 'https://shop.example.net/load.php'], { reject: false });
    // The certificate names one host only, which is the one that is asked for.
    expect(answer.exitCode, answer.stderr).toBe(0);
    expect(answer.stdout).toContain('shop/live');
  }
}, LONG);

test('Input that was altered, or is not signed, is refused, and nothing is done', async () => {
  const before = await site.servedReleases();
  const { stdout } = await site.musher('input', 'deploy', 'shop/live');
  const input = JSON.parse(stdout) as { spec: { projects: { shop: { build?: string } } }; signature?: string };
  input.spec.projects.shop.build = 'touch /tmp/owned-by-an-altered-input';
  const { signature: _, ...unsigned } = JSON.parse(stdout) as typeof input;
  const { address } = (JSON.parse((await site.musher('service', 'status', '--json')).stdout) as { server: { address: string } }).server;
  for (const [index, altered] of [input, unsigned].entries()) {
    const { stderr, stdout: said } = await execa(
      join(BIN, 'temporal'),
      ['workflow', 'execute', '--address', address, '--namespace', 'musher', '--type', 'deploy', '--task-queue', 'musher', '--workflow-id', `environment/shop/live/refused-${index}`, '--input', JSON.stringify(altered)],
      { reject: false },
    );
    expect(`${said}${stderr}`).toContain('The input was refused. It is not signed by the user of this worker, or was altered after it was.');
  }
  expect(await site.servedReleases()).toEqual(before);
}, LONG);
