import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Finding } from '../../cli/doctor/finding.ts';
import { Lab } from '../../lab/lab.ts';
import { musher } from '../cli/musher.ts';

const NAME = `test-doctor-${process.pid}`;

let lab: Lab;
let folder: string;

beforeAll(async () => {
  lab = await Lab.up({ name: NAME, hosts: ['web1'] });
  folder = await mkdtemp(join(tmpdir(), 'musher-doctor-'));
  await mkdir(join(folder, 'state'), { mode: 0o700 });
  await writeFile(join(folder, 'state/known_hosts'), await readFile(lab.knownHosts));
});
afterAll(async () => {
  await Lab.down(NAME);
  await rm(folder, { recursive: true, force: true });
});

/** The doctor's findings about one server, described by these settings beside its address. */
async function look(settings = 'user: deploy', words: string[] = ['--json']): Promise<{ code: number | null; stdout: string; findings: Finding[] }> {
  const { address } = lab.host('web1');
  await writeFile(join(folder, 'musher.yml'), `version: 1\nservers:\n  web1: { address: ${address}, key: ${lab.key}, ${settings} }\ngroups:\n  eu: { kind: cluster, members: [web1], root: /srv/sites }\n`);
  const { code, stdout } = await musher(['doctor', ...words], { cwd: folder, env: { MUSHER_HOME: join(folder, 'state') } });
  const findings = words.includes('--json') ? (JSON.parse(stdout) as { findings: Finding[] }).findings.filter(({ subject }) => subject === 'web1') : [];
  return { code, stdout, findings };
}

test('A bare host and this machine are fit; each thing looked at is said', async () => {
  const { code, stdout, findings } = await look();
  expect(code, stdout).toBe(0);
  expect(findings.filter(({ check }) => check !== 'NFS').map(({ check, state }) => `${check} ${state}`)).toEqual(['SSH ok', 'sudo ok', 'distribution ok', 'Python ok', 'clock ok', 'disk ok']);
  expect(stdout).toContain('free at /srv/sites');
  for (const check of ['Node', 'Ansible', 'Temporal CLI', 'rsync']) expect(stdout).toContain(`"check": "${check}",\n      "state": "ok"`);
  const text = await look('user: deploy', ['web1']);
  expect(text.stdout).toMatch(/^web1\n {2}✓ SSH: deploy@/m);
  expect(text.stdout).toContain('Nothing hinders operations');
});

test.each([
  ['another port', 'user: deploy, port: 3', 'SSH', 'Connection refused'],
  ['a user that does not exist', 'user: nobody-here', 'SSH login', 'Permission denied'],
  ['a Python that is not there', 'user: deploy, python: /usr/bin/python9', 'Python', '/usr/bin/python9 does not run there'],
])('%s is found', async (_, settings, check, message) => {
  const { code, findings } = await look(settings);
  expect(code).toBe(1);
  expect(findings.filter(({ state }) => state === 'failed')).toMatchObject([{ check, message: expect.stringContaining(message) as string, remedy: expect.stringMatching(/\w/) as string }]);
});

test('sudo that asks for a password is found', async () => {
  await lab.root('web1', ['sh', '-c', 'useradd --create-home --shell /bin/sh plain && cp -r /home/deploy/.ssh /home/plain/ && chown -R plain: /home/plain/.ssh']);
  const { code, findings } = await look('user: plain');
  expect(code).toBe(1);
  expect(findings.filter(({ state }) => state === 'failed')).toMatchObject([{ check: 'sudo', remedy: expect.stringContaining('NOPASSWD') as string }]);
});

test('a host key that is not on record, or another, is found', async () => {
  const record = join(folder, 'state/known_hosts');
  const before = await readFile(record, 'utf8');
  for (const text of ['', before.replace(/AAAA\S+/, (key) => `${key.slice(0, -4)}AAAA`)]) {
    await writeFile(record, text || '\n');
    const { code, findings } = await look();
    expect(code).toBe(1);
    expect(findings).toMatchObject([{ check: 'host key', remedy: 'See it beside the one on record: musher trust web1' }]);
  }
  await writeFile(record, before);
});
