import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runModule } from './run-module.ts';

const ROOT = join(import.meta.dirname, '../..');
const PLAYBOOKS = join(ROOT, 'playbooks');
const TABLE = 'roles/distribution/defaults/main.yml';
const folder = mkdtempSync(join(tmpdir(), 'musher-distribution-'));
afterAll(() => rmSync(folder, { recursive: true }));

const DEFAULTS = parse(readFileSync(join(PLAYBOOKS, TABLE), 'utf8')) as { distribution_releases: Record<string, { php: string }> };

/** What the module says of a server with these files, the first of which is looked at first; undefined: one that is not there. */
async function found(...contents: (string | undefined)[]): ReturnType<typeof runModule> {
  const files = contents.map((content, index) => {
    const file = join(folder, `os-release-${index}`);
    rmSync(file, { force: true });
    if (content !== undefined) writeFileSync(file, content);
    return file;
  });
  return runModule('musher_distribution', { releases: DEFAULTS.distribution_releases, files });
}

test.each([
  ['Debian 12', 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nID=debian\n', '8.2'],
  ['Debian 13', '# made by hand\n\nID=debian\nVERSION_ID="13"\nDEBIAN_VERSION_FULL=13.7\n', '8.4'],
  ['Ubuntu 22.04', 'NAME="Ubuntu"\nVERSION_ID="22.04"\nVERSION="22.04.5 LTS (Jammy Jellyfish)"\nID=ubuntu\nID_LIKE=debian\n', '8.1'],
  ['Ubuntu 24.04', "VERSION_ID='24.04'\nID=ubuntu\nID_LIKE=debian\n", '8.3'],
])('%s is known, with its PHP', async (_name, content, php) => {
  expect(await found(content)).toMatchObject({ changed: false, differs: { php } });
});

test('the file of the vendor counts where the administrator has none', async () => {
  expect(await found(undefined, 'ID=debian\nVERSION_ID=13\n')).toMatchObject({ release: 'debian 13' });
  expect(await found('ID=debian\nVERSION_ID=12\n', 'ID=debian\nVERSION_ID=13\n')).toMatchObject({ release: 'debian 12' });
});

test.each([
  ['an older release', 'PRETTY_NAME="Debian GNU/Linux 11 (bullseye)"\nID=debian\nVERSION_ID="11"\n', 'This server has Debian GNU/Linux 11 (bullseye) (debian 11), and Musher knows debian 12, debian 13, ubuntu 22.04, ubuntu 24.04'],
  ['one without a version', 'PRETTY_NAME="Debian GNU/Linux forky/sid"\nID=debian\n', 'Debian GNU/Linux forky/sid (debian)'],
  ['one that is only like a known one', 'PRETTY_NAME="Linux Mint 21"\nID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="21"\n', 'Linux Mint 21 (linuxmint 21)'],
  ['a file with a line that is none', 'ID="debian\nVERSION_ID=13\n', 'a system without a name (linux 13)'],
  ['no file', undefined, 'a system without a name (linux)'],
])('%s is refused by its name', async (_name, content, message) => {
  expect(await found(content)).toMatchObject({ failed: true, musher_failure: 'unsupported-distribution', msg: expect.stringContaining(message) as string });
});

test('no other file of the playbooks tells distributions apart, or names a PHP', () => {
  const files = readdirSync(PLAYBOOKS, { recursive: true, encoding: 'utf8' }).filter((file) => ['.yml', '.j2', '.py', '.conf'].includes(extname(file)));
  const telling = files.filter((file) => /php-?(fpm)?[78]\.\d|bookworm|trixie|jammy|noble|ansible_facts|distribution_(major_)?version/.test(readFileSync(join(PLAYBOOKS, file), 'utf8')));
  expect(files).toContain(TABLE);
  expect(telling).toEqual([]);
});

test('the README names what is known, with its PHP', () => {
  const rows = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^\| (Debian|Ubuntu) ([\d., ]+) \| ([\d., ]+) \|/gm)];
  const named = rows.flatMap(([, name = '', versions = '', phps = '']) =>
    versions.split(', ').map((version, index) => [`${name.toLowerCase()} ${version}`, phps.split(', ')[index]]));
  expect(named).toEqual(Object.entries(DEFAULTS.distribution_releases).map(([release, { php }]) => [release, php]));
});
