import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { obtainArtifact } from '../../../activities/artifact/obtain-artifact.ts';
import { ArtifactStore } from '../../../activities/artifact/store.ts';
import { summarizeTree } from '../../../activities/artifact/tree-checksum.ts';
import { buildArtifact } from '../../../activities/build-artifact.ts';
import { lookAtSource } from '../../../activities/look-at-source.ts';
import type { Artifact, SourceSeen } from '../../../contract/artifact.ts';
import type { DeployRequest } from '../../../contract/requests.ts';
import { deployRequest } from '../../../client/requests.ts';
import type { Source } from '../../../spec/spec.ts';
import { shopSpec } from '../../workflows/shop-spec.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PYTHON = join(ROOT, '.venv/bin/python3');
const MODULE_UTILS = join(ROOT, 'playbooks/plugins/module_utils');

const QUIET = new DefaultLogger('ERROR');

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'artifact-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function tree(name: string): string {
  const root = join(folder, name);
  mkdirSync(join(root, 'web/sites'), { recursive: true });
  mkdirSync(join(root, 'empty'));
  writeFileSync(join(root, 'web/index.php'), '<?php echo 1;');
  writeFileSync(join(root, 'web/sites/ümläut \n name'), Buffer.from([0, 255, 10]));
  writeFileSync(join(root, 'run'), '#!/bin/sh\n');
  chmodSync(join(root, 'run'), 0o755);
  symlinkSync('../run', join(root, 'web/link'));
  // More than is read at once.
  writeFileSync(join(root, 'film'), Buffer.alloc(1_500_000, 7));
  // The order of bytes is not that of UTF-16 units.
  writeFileSync(join(root, '\u{1F600}'), '');
  writeFileSync(join(root, '\uFFFD'), '');
  return root;
}

interface Wish {
  command?: string;
  ref?: string;
  /** What it has to be built from. */
  seen?: SourceSeen | null;
}

function requestFor(source: Source, { command, ref, seen }: Wish): DeployRequest {
  const spec = shopSpec();
  const project = spec.projects['shop']!;
  project.source = source;
  if (command !== undefined) project.build = command;
  const request = deployRequest(spec, { project: 'shop', environment: 'live' }, ref);
  return seen ? { ...request, agreed: { digest: '', changes: [], source: seen } } : request;
}

async function build(source: Source, wish: Wish = {}, store = new ArtifactStore(join(folder, 'store'))): Promise<Artifact> {
  const request = requestFor(source, wish);
  // Each build is an activity of its own: nothing noted for another one may stand in for it.
  const info = { activityId: crypto.randomUUID() };
  return new MockActivityEnvironment(info, { logger: QUIET }).run(buildArtifact, { python: PYTHON }, store, request);
}

test('The worker and the servers compute the same checksum', async () => {
  const root = tree('checksum');
  const script = 'import sys; sys.path.insert(0, sys.argv[1]); import musher_tree; print(musher_tree.checksum(sys.argv[2])[0])';
  const onServer = execFileSync(PYTHON, ['-c', script, MODULE_UTILS, root], { encoding: 'utf8' }).trim();
  expect((await summarizeTree(root)).checksum).toBe(onServer);
});

test.each([
  ['a content', (root: string) => writeFileSync(join(root, 'run'), '#!/bin/bash\n')],
  ['a mode', (root: string) => chmodSync(join(root, 'run'), 0o644)],
  ['a name', (root: string) => writeFileSync(join(root, 'more'), '')],
  ['an empty folder', (root: string) => mkdirSync(join(root, 'void'))],
] as const)('Another checksum by %s', async (what, change) => {
  const root = tree(`change ${what}`);
  const before = (await summarizeTree(root)).checksum;
  change(root);
  expect((await summarizeTree(root)).checksum).not.toBe(before);
});

test('Equal files have equal times, whatever the checkout; changed ones have others', async () => {
  const [one, two] = [tree('one'), tree('two')];
  utimesSync(join(one, 'run'), 1, 1);
  writeFileSync(join(two, 'web/index.php'), '<?php echo 2;');
  const store = new ArtifactStore(join(folder, 'times'));
  const places = await Promise.all([one, two].map(async (directory) => store.tree((await build({ type: 'directory', directory }, {}, store)).checksum)));
  const time = (place: string | undefined, path: string) => statSync(join(place!, path)).mtimeMs;
  expect(time(places[0], 'run')).toBe(time(places[1], 'run'));
  expect(time(places[0], 'web/index.php')).not.toBe(time(places[1], 'web/index.php'));
  expect(time(places[0], 'run')).toBeLessThan(Date.now());
});

test('A build runs once in the tree; its failure says what it printed last', async () => {
  const directory = tree('built');
  const store = new ArtifactStore(join(folder, 'store'));
  const { checksum } = await build({ type: 'directory', directory }, { command: 'echo made >made' }, store);
  expect(readFileSync(join((await store.tree(checksum))!, 'made'), 'utf8')).toBe('made\n');
  await expect(build({ type: 'directory', directory }, { command: 'seq 100000; echo no such module >&2; exit 3' })).rejects.toMatchObject({
    type: 'build-failed',
    message: expect.stringMatching(/ended with 3: [\d\n]+no such module$/) as string,
  });
});

/** A build that waits for nothing in a process that is no child of it, in a session of its own, and does not go at SIGTERM. */
const stubborn = (mark: string) => `trap '' TERM\nsetsid sh -c "trap '' TERM; (sleep 600 & ) ; touch ${mark}; sleep 600" &\nsleep 600`;

/** Processes that work in a folder. */
const processesIn = (place: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(place);
    } catch {
      return false;
    }
  });

test('A build ends with the worker that is killed, and so does all that it started', async () => {
  const [mark, store] = [join(folder, 'killed-mark'), join(folder, 'killed-store')];
  const modules = { environment: '@temporalio/testing', build: join(ROOT, 'activities/build-artifact.ts'), store: join(ROOT, 'activities/artifact/store.ts') };
  const request = deployRequest(shopSpec(), { project: 'shop', environment: 'live' });
  Object.assign(request.spec.projects['shop']!, { source: { type: 'directory', directory: tree('killed') }, build: stubborn(mark) });
  const code = `import { MockActivityEnvironment } from '${modules.environment}';
    import { buildArtifact } from '${modules.build}';
    import { ArtifactStore } from '${modules.store}';
    await new MockActivityEnvironment().run(buildArtifact, { python: '${PYTHON}' }, new ArtifactStore('${store}'), ${JSON.stringify(request)});`;
  const worker = execa(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT, reject: false });
  await vi.waitUntil(() => existsSync(mark), { timeout: 20_000 });
  expect(processesIn(store).length).toBeGreaterThanOrEqual(3);
  worker.nodeChildProcess.kill('SIGKILL');
  await worker;
  await vi.waitUntil(() => processesIn(store).length === 0, { timeout: 20_000 });
});

test('A build ends when it is cancelled, and so does all that it started', async () => {
  const [mark, store] = [join(folder, 'cancelled-mark'), join(folder, 'cancelled-store')];
  const environment = new MockActivityEnvironment({ activityId: 'cancelled' }, { logger: QUIET });
  const request = deployRequest(shopSpec(), { project: 'shop', environment: 'live' });
  Object.assign(request.spec.projects['shop']!, { source: { type: 'directory', directory: tree('cancelled') }, build: stubborn(mark) });
  const built = environment.run(buildArtifact, { python: PYTHON }, new ArtifactStore(store), request).catch((error: unknown) => error);
  await vi.waitUntil(() => existsSync(mark), { timeout: 20_000 });
  environment.cancel();
  expect(await built).toBeInstanceOf(CancelledFailure);
  expect(processesIn(store)).toEqual([]);
});

test('What a build leaves running does not change its tree any more', async () => {
  const store = new ArtifactStore(join(folder, 'left-store'));
  const { checksum } = await build({ type: 'directory', directory: tree('left') }, { command: 'setsid sh -c "sleep 600; touch late" & exit 0' }, store);
  expect(processesIn(join(folder, 'left-store'))).toEqual([]);
  expect((await summarizeTree((await store.tree(checksum))!)).checksum).toBe(checksum);
});

test('An archive is taken by its checksum only', async () => {
  const archive = join(folder, 'shop.tar.gz');
  execFileSync('tar', ['-C', tree('packed'), '-czf', archive, '.']);
  const sha256 = execFileSync('sha256sum', [archive], { encoding: 'utf8' }).slice(0, 64);
  const { checksum } = await build({ type: 'archive', archive, sha256 });
  expect(checksum).toBe((await build({ type: 'directory', directory: join(folder, 'packed') })).checksum);
  await expect(build({ type: 'archive', archive, sha256: '0'.repeat(64) })).rejects.toMatchObject({ type: 'source-failed' });
});

test('A git source is taken by branch, tag and commit, and the commit is recorded', async () => {
  const repository = join(folder, 'repository');
  cpSync(tree('versioned'), repository, { recursive: true, verbatimSymlinks: true });
  const git = (...args: string[]) => execFileSync('git', ['-C', repository, '-c', 'user.name=a', '-c', 'user.email=a@example.net', ...args], { encoding: 'utf8' }).trim();
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message=one');
  git('tag', 'v1');
  const first = git('rev-parse', 'HEAD');
  writeFileSync(join(repository, 'run'), 'two');
  git('commit', '--quiet', '--all', '--message=two');
  const second = git('rev-parse', 'HEAD');
  const source: Source = { type: 'git', git: `file://${repository}` };
  expect(await build(source, { ref: 'main' })).toMatchObject({ commit: second, ref: 'main' });
  expect(await build(source, { ref: 'v1' })).toMatchObject({ commit: first });
  expect(await build(source, { ref: first })).toMatchObject({ commit: first });
  await expect(build(source, { ref: 'nowhere' })).rejects.toMatchObject({ type: 'source-failed' });
  await expect(build(source, { ref: '--upload-pack=touch /tmp/owned' })).rejects.toMatchObject({ type: 'source-failed' });
});

const look = (source: Source, wish: Wish = {}): Promise<SourceSeen | null> =>
  new MockActivityEnvironment({}, { logger: QUIET }).run(lookAtSource, new ArtifactStore(join(folder, 'store')), requestFor(source, wish));

test('A branch that moved since it was looked at: what was seen is built', async () => {
  const repository = join(folder, 'moving');
  mkdirSync(repository);
  const git = (...args: string[]) => execFileSync('git', ['-C', repository, '-c', 'user.name=a', '-c', 'user.email=a@example.net', ...args], { encoding: 'utf8' }).trim();
  git('init', '--quiet', '--initial-branch=main');
  git('commit', '--quiet', '--allow-empty', '--message=one');
  git('tag', '--annotate', '--message=one', 'v1');
  const source: Source = { type: 'git', git: `file://${repository}` };
  const commit = git('rev-parse', 'HEAD');
  const seen = await look(source, { ref: 'main' });
  expect(seen).toEqual({ commit });
  expect(await look(source, { ref: 'v1' })).toEqual({ commit });
  expect(await look(source, { ref: commit })).toEqual({ commit });
  await expect(look(source, { ref: 'nowhere' })).rejects.toMatchObject({ type: 'source-failed' });
  git('commit', '--quiet', '--allow-empty', '--message=two');
  expect(await build(source, { ref: 'main', seen })).toMatchObject({ commit, ref: 'main' });
  expect(await build(source, { ref: 'main' })).toMatchObject({ commit: git('rev-parse', 'HEAD') });
  // Nobody can build what nobody has any more.
  await expect(build(source, { ref: 'main', seen: { commit: '0'.repeat(40) } })).rejects.toMatchObject({ type: 'source-failed' });
});

test('A folder that changed since it was looked at is not built, whatever is in its repository', async () => {
  const directory = tree('looked-at');
  const source: Source = { type: 'directory', directory };
  const seen = await look(source);
  mkdirSync(join(directory, '.git'));
  writeFileSync(join(directory, '.git/index'), 'staged');
  expect((await build(source, { seen })).files).toBe((await build(source)).files);
  writeFileSync(join(directory, 'run'), '#!/bin/bash\n');
  await expect(build(source, { seen, command: `touch ${join(folder, 'built-all-the-same')}` })).rejects.toMatchObject({ type: 'plan-changed', message: expect.stringContaining('folder have changed') as string });
  expect(existsSync(join(folder, 'built-all-the-same'))).toBe(false);
  await expect(look({ type: 'directory', directory: join(folder, 'none') })).rejects.toMatchObject({ type: 'source-failed' });
});

test('The spec is no part of what is deployed, whatever its name, and counts for no plan', async () => {
  const directory = tree('with-specs');
  mkdirSync(join(directory, 'conf'));
  const put = (text: string) => ['musher.yml', 'conf/prod.yml', 'conf/musher.yml'].forEach((name) => writeFileSync(join(directory, name), text));
  put('servers: {}');
  const source: Source = { type: 'directory', directory, spec: 'conf/prod.yml' };
  const store = new ArtifactStore(join(folder, 'specs-store'));
  const { checksum } = await build(source, {}, store);
  const built = (await store.tree(checksum))!;
  expect(['musher.yml', 'conf/prod.yml', 'conf/musher.yml', 'run'].filter((name) => existsSync(join(built, name)))).toEqual(['conf/musher.yml', 'run']);
  // What is looked at is what is built: an edit of the spec is none of the source.
  const seen = await look(source);
  writeFileSync(join(directory, 'musher.yml'), 'servers: { web1: {} }');
  writeFileSync(join(directory, 'conf/prod.yml'), 'servers: { web1: {} }');
  expect(await look(source)).toEqual(seen);
  expect((await build(source, { seen }, store)).checksum).toBe(checksum);
  expect(seen).toEqual({ checksum });
});

test('A spec behind a link is left where it is', async () => {
  const [directory, elsewhere] = [tree('linked-spec'), join(folder, 'linked-elsewhere')];
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'prod.yml'), 'servers: {}');
  symlinkSync(elsewhere, join(directory, 'conf'));
  await build({ type: 'directory', directory, spec: 'conf/prod.yml' });
  expect(existsSync(join(elsewhere, 'prod.yml'))).toBe(true);
});

test('A spec in a repository is no part of what is deployed either, and the build sees a clean checkout', async () => {
  const repository = tree('with-spec-in-git');
  const git = (...args: string[]) => execFileSync('git', ['-C', repository, '-c', 'user.name=a', '-c', 'user.email=a@example.net', ...args], { encoding: 'utf8' }).trim();
  writeFileSync(join(repository, 'musher.yml'), 'servers: {}');
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message=one');
  const store = new ArtifactStore(join(folder, 'git-specs-store'));
  const { checksum } = await build({ type: 'git', git: `file://${repository}` }, { ref: 'main', command: 'test -z "$(git status --porcelain)"' }, store);
  expect(existsSync(join((await store.tree(checksum))!, 'musher.yml'))).toBe(false);
});

test('A folder that is not there is named', async () => {
  await expect(build({ type: 'directory', directory: join(folder, 'none') })).rejects.toMatchObject({ type: 'source-failed', message: expect.stringContaining('none') as string });
});

test('An artifact that was damaged is replaced when the same is built again, and one that is whole stays', async () => {
  const store = new ArtifactStore(join(folder, 'damaged'));
  const source: Source = { type: 'directory', directory: tree('damaged-source') };
  const { checksum } = await build(source, {}, store);
  const kept = (await store.tree(checksum))!;
  const inode = () => statSync(kept).ino;
  const first = inode();
  await build(source, {}, store);
  expect(inode()).toBe(first);
  // As after a power cut: the name and the size are there, the content is not.
  writeFileSync(join(kept, 'film'), Buffer.alloc(1_500_000));
  await build(source, {}, store);
  expect((await summarizeTree(kept)).checksum).toBe(checksum);
  rmSync(join(kept, 'run'));
  const again = await Promise.all([build(source, {}, store), build(source, {}, store)]);
  expect((await summarizeTree(kept)).checksum).toBe(again[0].checksum);
  expect(readdirSync(join(folder, 'damaged')).filter((name) => name.startsWith('.build-'))).toEqual([]);
});

test('The next attempt of a build finds what the last one built', async () => {
  const store = new ArtifactStore(join(folder, 'again'));
  const request = deployRequest(shopSpec(), { project: 'shop', environment: 'live' });
  request.spec.projects['shop']!.source = { type: 'directory', directory: tree('again-source') };
  const run = () => new MockActivityEnvironment({ activityId: '7' }, { logger: QUIET }).run(buildArtifact, { python: PYTHON }, store, request);
  const first = await run();
  rmSync(join(folder, 'again-source'), { recursive: true });
  expect(await run()).toEqual(first);
});

describe('Another worker, with a store of its own, that has to upload what this one built', () => {
  const obtain = (store: ArtifactStore, checksum: string, source: Source, { command, ref }: { command?: string; ref?: string } = {}) => {
    const project = { source, ...(command !== undefined && { build: command }) };
    const work = () => obtainArtifact({ python: PYTHON }, store, checksum, { project, ref });
    return new MockActivityEnvironment({}, { logger: QUIET }).run<[], string, typeof work>(work);
  };

  test('builds it again, from the commit that it was built from, and takes it if the same comes of it', async () => {
    const repository = join(folder, 'obtained');
    cpSync(tree('obtained-source'), repository, { recursive: true, verbatimSymlinks: true });
    const git = (...args: string[]) => execFileSync('git', ['-C', repository, '-c', 'user.name=a', '-c', 'user.email=a@example.net', ...args], { encoding: 'utf8' }).trim();
    git('init', '--quiet', '--initial-branch=main');
    git('add', '--all');
    git('commit', '--quiet', '--message=one');
    const source: Source = { type: 'git', git: `file://${repository}` };
    const { checksum, commit } = await build(source, { command: 'echo made >made', ref: 'main' }, new ArtifactStore(join(folder, 'obtained-first')));
    writeFileSync(join(repository, 'run'), 'two');
    git('commit', '--quiet', '--all', '--message=two');
    const store = new ArtifactStore(join(folder, 'obtained-second'));
    const found = await obtain(store, checksum, source, { command: 'echo made >made', ref: commit! });
    expect((await summarizeTree(found)).checksum).toBe(checksum);
    expect(found).toBe(await store.tree(checksum));
  });

  test('refuses what comes out otherwise, and says the way out where it cannot build at all', async () => {
    const directory = tree('obtained-changing');
    const source: Source = { type: 'directory', directory };
    const { checksum } = await build(source, {}, new ArtifactStore(join(folder, 'changing-first')));
    writeFileSync(join(directory, 'run'), 'two');
    const store = new ArtifactStore(join(folder, 'changing-second'));
    await expect(obtain(store, checksum, source)).rejects.toMatchObject({ type: 'artifact-missing', message: expect.stringMatching(/made sha256:.*: the source has changed since/) as string });
    expect(await store.tree(checksum)).toBeUndefined();
    rmSync(directory, { recursive: true });
    await expect(obtain(store, checksum, source)).rejects.toMatchObject({ type: 'artifact-missing', message: expect.stringContaining(`There is no folder ${directory}`) as string });
  });
});
