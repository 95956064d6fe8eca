import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PrivateHost } from './private-host.ts';
import { runModule, type ModuleResult } from './run-module.ts';

const UNIT = 'musher-php@shop--live.service';

/** A master whose children a USR2 replaces, as PHP-FPM's does. */
const MASTER = `sleep 1000 & child=$!
trap 'kill $child; sleep 1000 & child=$!' USR2
while :; do wait; done
`;

/** systemd's command, for that one unit: it runs, and its reload fails while there is a file named broken. */
const SYSTEMCTL = `cd "$(dirname "$0")"
case "$1" in
  show) printf 'LoadState=loaded\\nActiveState=active\\nUnitFileState=enabled\\nInvocationID=a1\\nJob=\\nMainPID=%s\\nInactiveExitTimestampMonotonic=%s\\n' "$(cat master)" "$(cat entered)" ;;
  restart) echo "$2" >> restarts ;;
  --quiet) echo "$2 $3 with $(cat lease 2>/dev/null)" >> turns ;;
  reload*) [ ! -e broken ] || { echo 'the master does not answer' >&2; exit 1; }
    echo "$2" >> reloads; [ "$(cat master)" = 0 ] || kill -USR2 "$(cat master)" ;;
esac
`;

let host: PrivateHost;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'musher-service-'));
  await mkdir(join(folder, 'tree'));
  await writeFile(join(folder, 'dump'), 'as it was\n');
  await writeFile(join(folder, 'entered'), '0');
  await writeFile(join(folder, 'reloads'), '');
  await writeFile(join(folder, 'master.sh'), MASTER);
  await writeFile(join(folder, 'systemctl'), `#!/bin/sh\n${SYSTEMCTL}`);
  await chmod(join(folder, 'systemctl'), 0o755);
  host = await PrivateHost.start();
  await host.run(['sh', '-c', `sh ${folder}/master.sh >/dev/null 2>&1 & echo $! > ${folder}/master`]);
});
afterEach(async () => {
  await host.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = (module: string, args: object): Promise<ModuleResult> => runModule(module, args, { PATH: `${folder}:${process.env['PATH']}` }, host);
const configured = (content: string, more: object = {}): Promise<ModuleResult> =>
  run('musher_service', { unit: UNIT, tree: join(folder, 'tree'), files: { [join(folder, 'tree/site.conf')]: content }, validate: ['sh', '-c', `cat ${folder}/dump ${folder}/tree/*`], ...more });
const reloads = async (): Promise<number> => (await readFile(join(folder, 'reloads'), 'utf8')).trim().split('\n').length;
const breakReload = (): Promise<void> => writeFile(join(folder, 'broken'), '');
const mendReload = (): Promise<void> => rm(join(folder, 'broken'));

describe('a service', () => {
  test('is reloaded when its files change, and left alone when they do not', async () => {
    await configured('a');
    expect(await configured('b')).toMatchObject({ changed: true, actions: [`wrote ${folder}/tree/site.conf`, 'reloaded'] });
    expect(await configured('b')).toMatchObject({ changed: false, actions: [] });
  });

  test('of two groups is left alone when nothing changes for either', async () => {
    const asked = (group: string) => configured('', { files: { [join(folder, `tree/${group}.conf`)]: group } });
    await asked('eu');
    expect(await asked('us')).toMatchObject({ actions: [`wrote ${folder}/tree/us.conf`, 'reloaded'] });
    expect(await asked('eu')).toMatchObject({ changed: false });
    expect(await asked('us')).toMatchObject({ changed: false });
  });

  test('whose check prints nothing is told by its own files', async () => {
    const silent = { validate: ['true'] };
    await configured('a', silent);
    expect(await configured('b', silent)).toMatchObject({ actions: [`wrote ${folder}/tree/site.conf`, 'reloaded'] });
    expect(await configured('b', silent)).toMatchObject({ changed: false });
  });

  test('is restarted when a file changes that it reads only when it starts', async () => {
    const [live, once] = [join(folder, 'tree/site.conf'), join(folder, 'threads.conf')];
    const asked = (site: string, threads: string) => configured('', { files: { [live]: site, [once]: threads }, read_at_start: [once] });
    await asked('a', '8');
    expect(await asked('b', '8')).toMatchObject({ actions: [`wrote ${live}`, 'reloaded'] });
    expect(await asked('b', '16')).toMatchObject({ actions: [`wrote ${once}`, 'started'] });
    expect(await asked('b', '16')).toMatchObject({ changed: false });
  });

  test('is reloaded when the groups of its reader change', async () => {
    const member = async (...groups: string[]): Promise<void> => writeFile(join(folder, 'id'), `#!/bin/sh\necho ${groups.join(' ')}\n`, { mode: 0o755 });
    const asked = () => configured('a', { reader: 'www-data' });
    await member('www-data');
    await asked();
    expect(await asked()).toMatchObject({ changed: false });
    await member('www-data', 'm-shop--live');
    expect(await asked()).toMatchObject({ actions: ['reloaded'] });
  });

  test('that has no main process has loaded what was there when it was started', async () => {
    const uptime = Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]);
    await writeFile(join(folder, 'master'), '0');
    await writeFile(join(folder, 'tree/site.conf'), 'a');
    const unit = { unit: 'nfs-server.service' };
    await writeFile(join(folder, 'entered'), String(Math.round((uptime - 60) * 1e6)));
    expect(await configured('a', unit)).toMatchObject({ actions: ['reloaded'] });
    await host.run(['rm', '-r', '/run/musher']);
    await writeFile(join(folder, 'entered'), String(Math.round((uptime + 60) * 1e6)));
    expect(await configured('a', unit)).toMatchObject({ changed: false });
  });

  test('is reloaded again after a reload that failed', async () => {
    await configured('a');
    await breakReload();
    expect(await configured('b')).toMatchObject({ failed: true });
    await mendReload();
    expect(await configured('b')).toMatchObject({ actions: ['reloaded'] });
  });

  test('is reloaded after a reload that failed, though the files are again those that it had loaded before', async () => {
    await configured('a');
    await breakReload();
    await configured('b');
    await mendReload();
    expect(await configured('a')).toMatchObject({ actions: [`wrote ${folder}/tree/site.conf`, 'reloaded'] });
    expect(await configured('a')).toMatchObject({ changed: false });
  });

  test('is reloaded again after a reload that failed, where the change was in a file of somebody else', async () => {
    await configured('a');
    await writeFile(join(folder, 'dump'), 'as it is now\n');
    await breakReload();
    expect(await configured('a')).toMatchObject({ failed: true });
    await mendReload();
    expect(await configured('a')).toMatchObject({ actions: ['reloaded'] });
  });

  test('that could not be reloaded when things were put back is reloaded the next time', async () => {
    const path = join(folder, 'tree/site.conf');
    const asked = { id: 'first', group: 'eu', paths: [path], units: [UNIT] };
    await configured('a');
    await run('musher_snapshot', { state: 'taken', ...asked });
    await breakReload();
    await configured('b');
    expect(await run('musher_snapshot', { state: 'restored', ...asked })).toMatchObject({ failed: true });
    expect(await readFile(path, 'utf8')).toBe('a');
    await mendReload();
    const before = await reloads();
    expect(await run('musher_snapshot', { state: 'restored', ...asked })).toMatchObject({ restored: [`${UNIT} reloaded`] });
    expect(await reloads()).toBe(before + 1);
    expect(await run('musher_snapshot', { state: 'restored', ...asked })).toMatchObject({ changed: false });
    expect(await configured('a')).toMatchObject({ changed: false });
  });

  test('that was started anew, with what it reads only then, is so when things are put back, and what the kernel keeps for it is put back in between', async () => {
    const [once, lease] = [join(folder, 'threads.conf'), join(folder, 'lease')];
    const asked = { id: 'first', group: 'eu', paths: [once], units: [UNIT], kernel: { [UNIT]: { [lease]: '90' } } };
    const withThreads = (threads: string) => configured('a', { files: { [once]: threads }, read_at_start: [once], validate: ['true'] });
    await withThreads('8');
    await run('musher_snapshot', { state: 'taken', ...asked });
    expect(await withThreads('16')).toMatchObject({ actions: [`wrote ${once}`, 'started'] });
    await writeFile(lease, '10\n');
    expect(await run('musher_snapshot', { state: 'restored', ...asked })).toMatchObject({ restored: [once, `${UNIT} restarted`] });
    expect(await readFile(join(folder, 'turns'), 'utf8')).toBe(`stop ${UNIT} with 10\nstart ${UNIT} with 90\n`);
    expect(await readFile(once, 'utf8')).toBe('8');
    expect(await run('musher_snapshot', { state: 'restored', ...asked })).toMatchObject({ changed: false });
    expect(await withThreads('8')).toMatchObject({ changed: false });
  });
});
