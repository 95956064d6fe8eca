import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadSpec } from '../../spec/load-spec.ts';
import { musher } from './musher.ts';
import { inTerminal } from './terminal.ts';

const FLAGS = ['--members', 'web1.example.net,web2.example.net', '--balancer', 'lb1.example.net', '--domain', 'shop.example.net', '--project', 'shop'];

let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'musher-init-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => musher(args, { cwd: folder });

test('A spec from flags passes the check, and the next commands are said', async () => {
  const { code, stdout } = await run('init', ...FLAGS);
  expect(code).toBe(0);
  expect(stdout).toBe('Written: musher.yml. Look through it, then:\n  musher trust\n  musher doctor\n  musher provision main\n  musher deploy shop/live\n');
  expect((await run('check')).stdout).toBe('musher.yml is right: 3 servers, 1 group, 1 project, 1 environment.\n');
});

test('The schema is named where its path is good on other machines, too', async () => {
  await run('init', ...FLAGS);
  expect(readFileSync(join(folder, 'musher.yml'), 'utf8')).toMatch(/^# What runs where/);
  mkdirSync(join(folder, 'node_modules/musher/docs'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/musher/docs/musher.schema.json'), '{}');
  await run('init', ...FLAGS, '--file', 'other.yml');
  expect(readFileSync(join(folder, 'other.yml'), 'utf8')).toMatch(/^# yaml-language-server: \$schema=node_modules\/musher\/docs\/musher\.schema\.json\n# What runs where/);
});

test('What is still to be thought of is said at the end', async () => {
  const storage = [...FLAGS, '--storage', 'nfs1.example.net', '--app', 'php', '--source', '~/'];
  const { code, stderr } = await musher(['init', ...storage], { cwd: folder, env: { HOME: folder } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'No shared path is named yet, so that uploads would go with the old release: name their folders as "shared" in musher.yml.\n' });
  expect((await run('init', ...FLAGS, '--file', 'other.yml')).stderr).toBe('./shop is not there yet: the site\'s code belongs there.\n');
});

test('A file that is there is never written over, whatever it is', async () => {
  writeFileSync(join(folder, 'musher.yml'), 'mine');
  symlinkSync(join(folder, 'nosuch'), join(folder, 'link.yml'));
  for (const file of ['musher.yml', 'link.yml']) {
    const { code, stdout, stderr } = await run('init', ...FLAGS, '--file', file);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`${file} is there already, and is left as it is`);
  }
  expect(readFileSync(join(folder, 'musher.yml'), 'utf8')).toBe('mine');
  expect(existsSync(join(folder, 'nosuch'))).toBe(false);
});

test('What cannot be written is refused, and nothing is left', async () => {
  expect(await run('init')).toMatchObject({ code: 2, stderr: expect.stringContaining('these are needed: --members, --domain') as string });
  expect(await run('init', ...FLAGS, '--user', '-oProxyCommand=x')).toMatchObject({ code: 2, stderr: expect.stringContaining('--user: ') as string });
  expect(await run('init', ...FLAGS, '--file', 'no/such/musher.yml')).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no such folder') as string });
  expect(existsSync(join(folder, 'musher.yml'))).toBe(false);
});

test('--json says the file and the next commands', async () => {
  const { code, stdout } = await run('init', ...FLAGS, '--file', 'a b.yml', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ file: 'a b.yml', next: ["musher trust --file 'a b.yml'", "musher doctor --file 'a b.yml'", "musher provision main --file 'a b.yml'", "musher deploy shop/live --file 'a b.yml'"] });
});

test('What it writes beside a site is not deployed with the site', async () => {
  expect((await run('init', ...FLAGS, '--source', '.', '--file', 'prod.yml')).code).toBe(0);
  const read = await loadSpec(join(folder, 'prod.yml'));
  expect(read).toMatchObject({ spec: { projects: { shop: { source: { type: 'directory', directory: folder, spec: 'prod.yml' } } } } });
});

test('In a terminal it asks; Ctrl-C writes nothing', async () => {
  const stopped = await inTerminal(['init', '--project', 'shop'], { cwd: folder }, [['Where its code is', '\r'], ['What it is', '\u0003']]);
  expect(stopped.code).toBe(130);
  expect(existsSync(join(folder, 'musher.yml'))).toBe(false);
  const { code, shown } = await inTerminal(['init', '--project', 'shop'], { cwd: folder }, [
    ['Where its code is', '\r'],
    ['What it is', 'php\r'],
    ['servers that serve', 'web1.example.net\r'],
    ['balancers', '\r'],
    ['over NFS', '\r'],
    ['[deploy]', 'admin\r'],
    ['Domains', 'shop example\r'],
    ['is not a domain', 'shop.example.net\r'],
    ['[main]', '\r'],
    ['[live]', '\r'],
  ]);
  expect(shown).toContain('musher deploy shop/live');
  expect(code).toBe(0);
  expect((await run('check')).code).toBe(0);
  expect(readFileSync(join(folder, 'musher.yml'), 'utf8')).toContain('web1: { address: web1.example.net, user: admin }');
});
