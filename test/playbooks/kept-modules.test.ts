import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PrivateHost } from './private-host.ts';

let host: PrivateHost;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'musher-kept-'));
  host = await PrivateHost.start();
  await host.installGate('sitecustomize.py');
}, 60_000);

afterAll(async () => {
  await host.stop();
  rmSync(folder, { recursive: true });
});

const file = (name: string) => path.join(folder, name);
const CACHE = '/var/cache/musher/modules';
/** Runs a module that is packed as Ansible packs it, and gives what it says: what of Python's paths is Musher's, and what its children inherit. */
const module = async (...command: string[]) => {
  const script = `
import os, subprocess, sys
sys.path.insert(0, sys.argv[1])
import part
print(part.ANSWER, [path for path in sys.path if 'musher/python' in path], subprocess.run('echo "$PYTHONPATH"', shell=True, capture_output=True, text=True).stdout.strip())`;
  const { stdout, stderr } = await host.run(['/usr/local/lib/musher/gate', 'cache/live', '1.1.1', ...command, '/usr/bin/python3', '-c', script, file('part.zip')]);
  expect(stderr).toBe('');
  return stdout;
};
const kept = async () => (await host.run(['sh', '-c', `cd ${CACHE} && stat -c '%n %Y %Z %i %s' *`])).stdout;
const pack = async (text: string) => {
  writeFileSync(file('part.py'), text);
  await host.run(['python3', '-c', 'import sys, zipfile; zipfile.ZipFile(sys.argv[1], "w").write(sys.argv[2], "part.py")', file('part.zip'), file('part.py')]);
};

test('What Python has compiled of a module before is used again, and what a module starts knows nothing of it', async () => {
  // Of this machine, which may be a server of Musher's, too.
  await host.run(['rm', '-rf', CACHE]);
  await pack('ANSWER = 42\n');
  expect(await module()).toBe('42 [] ');
  const first = await kept();
  expect(first).toMatch(/^\S+-cpython-\d+ /);
  expect((await host.run(['stat', '-c', '%a %U', CACHE])).stdout).toBe('700 root');
  expect(await module()).toBe('42 [] ');
  expect(await kept()).toBe(first);
  expect(await module('env', 'PYTHONPATH=/usr/local/lib/musher/python:/srv/own')).toBe('42 [] /srv/own');
  // Another source is another file.
  await pack('ANSWER = 43\n');
  expect(await module()).toBe('43 [] ');
  expect((await kept()).split('\n')).toHaveLength(2);
});

test.each([
  ['half a file', 'for f in *; do truncate -s 30 "$f"; done'],
  ['a file of zeros', 'for f in *; do truncate -s 0 "$f"; truncate -s 300 "$f"; done'],
  ['a folder in its place', 'for f in *; do rm "$f"; mkdir "$f"; done'],
])('It is compiled anew where there is %s', async (_, damage) => {
  await host.run(['rm', '-rf', CACHE]);
  await pack('ANSWER = 44\n');
  await module();
  await host.run(['sh', '-euc', `cd ${CACHE}; ${damage}`]);
  expect(await module()).toBe('44 [] ');
});

test('It is not taken from a folder that others may write, nor kept for another user', async () => {
  await host.run(['sh', '-euc', `rm -rf ${CACHE}; install -d -m 777 ${CACHE}`]);
  expect(await module()).toBe('44 [] ');
  expect(await kept()).toBe('');
  await host.run(['rm', '-rf', CACHE]);
  chmodSync(folder, 0o755);
  expect(await module('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups')).toBe('44 [] ');
  expect((await host.run(['ls', CACHE])).exitCode).not.toBe(0);
});

test('It is thrown away when there is a thousand of it', async () => {
  await host.run(['sh', '-euc', `install -d -m 700 ${CACHE}; cd ${CACHE}; seq 1000 | xargs touch`]);
  await pack('ANSWER = 45\n');
  expect(await module()).toBe('45 [] ');
  expect((await kept()).split('\n')).toHaveLength(1);
});
