import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { execa, ExecaError } from 'execa';
import type { SourceSeen } from '../../contract/artifact.ts';
import type { Source } from '../../spec/spec.ts';
import { ActivityError } from '../activity-error.ts';
import { isLeftOut } from './left-out.ts';
import { summarizeTree } from './tree-checksum.ts';

/**
 * Looks what a source holds, without taking it.
 *
 * @param folder an empty one, to look in.
 * @returns undefined for an archive, whose checksum the spec has.
 * @throws {ActivityError} `source-failed`
 */
export async function seeSource(source: Source, ref: string | undefined, folder: string, signal: AbortSignal): Promise<SourceSeen | undefined> {
  if (source.type === 'archive') return undefined;
  if (source.type === 'git') return { commit: await fetchCommit(gitIn(folder, signal), source.git, ref ?? 'HEAD') };
  await requireFolder(source.directory);
  return { checksum: (await summarizeTree(source.directory, isLeftOut(source))).checksum };
}

/**
 * Brings a project's source into an empty folder.
 *
 * @returns the commit, where the source is git.
 * @throws {ActivityError} `source-failed`
 */
export async function fetchSource(source: Source, ref: string | undefined, folder: string, signal: AbortSignal): Promise<{ commit?: string }> {
  if (source.type === 'directory') await copyDirectory(source.directory, folder, signal);
  else if (source.type === 'archive') await unpackArchive(source, folder, signal);
  else return { commit: await checkOut(source.git, ref ?? 'HEAD', folder, signal) };
  return {};
}

async function requireFolder(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined);
  if (!found?.isDirectory()) throw sourceFailed(`There is no folder ${directory} on the worker's machine.`);
}

async function copyDirectory(directory: string, folder: string, signal: AbortSignal): Promise<void> {
  await requireFolder(directory);
  // Six times as fast as Node's own, which matters while hosts are waiting.
  await run('cp', ['--archive', '--no-target-directory', '--', directory, folder], signal);
}

async function unpackArchive({ archive, sha256 }: Source & { type: 'archive' }, folder: string, signal: AbortSignal): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(archive), hash).catch((error: Error) => {
    throw sourceFailed(`The archive ${archive} cannot be read: ${error.message}.`);
  });
  const found = hash.digest('hex');
  if (found !== sha256.toLowerCase()) throw sourceFailed(`The archive ${archive} has the SHA-256 ${found}; the spec says ${sha256}.`);
  await mkdir(folder, { recursive: true });
  // GNU tar strips leading '/' and refuses '..' by itself.
  await run('tar', ['--extract', '--no-same-owner', '--no-same-permissions', '--file', archive, '--directory', folder], signal);
}

type Git = (...args: string[]) => Promise<string>;

const gitIn =
  (folder: string, signal: AbortSignal): Git =>
  (...args) =>
    run('git', ['-C', folder, '-c', 'protocol.ext.allow=never', '-c', 'core.hooksPath=/dev/null', '-c', 'advice.detachedHead=false', ...args], signal, {
      GIT_TERMINAL_PROMPT: '0',
      GIT_ALLOW_PROTOCOL: 'https:http:ssh:git:file',
    });

async function checkOut(url: string, ref: string, folder: string, signal: AbortSignal): Promise<string> {
  await mkdir(folder, { recursive: true });
  const git = gitIn(folder, signal);
  const commit = await fetchCommit(git, url, ref);
  await git('checkout', '--quiet', '--detach', commit);
  if ((await stat(join(folder, '.gitmodules')).catch(() => undefined))?.isFile()) {
    await git('submodule', '--quiet', 'update', '--init', '--recursive', '--depth=1');
  }
  return commit;
}

/** Makes a repository with the commit that a ref means. @returns the commit. */
async function fetchCommit(git: Git, url: string, ref: string): Promise<string> {
  await git('init', '--quiet');
  // A fetch of the ref itself covers branches and tags without their history; a bare commit needs a server that allows it.
  const shallow = await git('fetch', '--quiet', '--depth=1', '--end-of-options', url, ref).then(
    () => true,
    () => false,
  );
  if (shallow) return (await git('rev-parse', 'FETCH_HEAD^{commit}')).trim();
  await git('fetch', '--quiet', '--tags', '--end-of-options', url, '+refs/heads/*:refs/remotes/origin/*');
  return resolve(git, ref);
}

async function resolve(git: Git, ref: string): Promise<string> {
  for (const candidate of [`refs/remotes/origin/${ref}`, `refs/tags/${ref}`, ref]) {
    const commit = await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${candidate}^{commit}`).catch(() => '');
    if (commit) return commit.trim();
  }
  throw sourceFailed(`There is no ref ${ref} in the repository.`);
}

async function run(command: string, args: string[], signal: AbortSignal, env: Record<string, string> = {}): Promise<string> {
  try {
    return (await execa(command, args, { env, cancelSignal: signal, stdin: 'ignore', maxBuffer: 10_000_000 })).stdout;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ExecaError)) throw error;
    throw sourceFailed(`${command} could not read the source: ${String(error.stderr).trim().slice(-500) || error.shortMessage}`);
  }
}

const sourceFailed = (message: string) => new ActivityError('source-failed', message);
