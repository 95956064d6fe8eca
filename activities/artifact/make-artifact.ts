import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Artifact, SourceSeen } from '../../contract/artifact.ts';
import type { Project, Source } from '../../spec/spec.ts';
import { ActivityError } from '../activity-error.ts';
import { fetchSource } from './fetch-source.ts';
import { inWorkspace } from './in-workspace.ts';
import { isLeftOut, takeOut } from './left-out.ts';
import { stampTimes } from './stamp-times.ts';
import type { ArtifactStore } from './store.ts';
import { summarizeTree } from './tree-checksum.ts';

/** Longest build, in milliseconds. */
const BUILD_LIMIT = 3600_000;
const LEASH = join(import.meta.dirname, '../ansible/supervisor/leash.py');

/** What a release's code is made of. */
export interface Makings {
  project: Pick<Project, 'source' | 'build'>;
  /** Of a git source. */
  ref: string | undefined;
  /** What the source was seen to hold: it is made of that, or not at all. */
  seen?: SourceSeen | undefined;
}

/**
 * Builds code on this machine, into the store.
 *
 * @param python that keeps builds on their leash.
 * @throws {ActivityError} `source-failed`, `build-failed`, `disk-full`, `plan-changed`
 */
export async function makeArtifact(python: string, store: ArtifactStore, { project, ref, seen }: Makings, signal: AbortSignal): Promise<Artifact> {
  const started = Date.now();
  return inWorkspace(store, signal, async (workspace) => {
    const tree = join(workspace, 'tree');
    const { commit } = await fetchSource(project.source, seen && 'commit' in seen ? seen.commit : ref, tree, signal);
    if (seen && 'checksum' in seen) await requireUnchanged(project.source, tree, seen.checksum);
    if (project.build) await build(python, project.build, tree, join(workspace, 'build.log'), signal);
    await takeOut(project.source, tree, signal);
    await setModes(tree, signal);
    const { checksum, files, bytes, digests } = await summarizeTree(tree);
    await stampTimes(tree, digests);
    const artifact: Artifact = { checksum, files, bytes, seconds: (Date.now() - started) / 1000, ...(ref !== undefined && { ref }), ...(commit !== undefined && { commit }) };
    await store.add(tree, artifact);
    return artifact;
  });
}

async function requireUnchanged(source: Source, tree: string, checksum: string): Promise<void> {
  if ((await summarizeTree(tree, isLeftOut(source))).checksum === checksum) return;
  throw new ActivityError('plan-changed', "This is not what was planned: the files in the source's folder have changed since.");
}

/** On a leash: a build whose worker was killed would go on beside the one of the next worker. */
async function build(python: string, command: string, tree: string, log: string, signal: AbortSignal): Promise<void> {
  const result = await execa(python, ['-I', '-B', LEASH, '/bin/sh', '-c', `exec 2>&1\n${command}`], {
    cwd: tree,
    stdin: 'pipe',
    stdout: { file: log },
    buffer: false,
    cancelSignal: signal,
    // The leash, which has a limit of its own, is what ends the others.
    forceKillAfterDelay: false,
    timeout: BUILD_LIMIT,
    reject: false,
  });
  signal.throwIfAborted();
  if (!result.failed) return;
  const how = result.timedOut ? 'took longer than an hour' : `ended with ${result.exitCode ?? result.signal}`;
  throw new ActivityError('build-failed', `The build "${command}" ${how}: ${await tail(log)}`);
}

/** The last words of a build; its whole output may be of any size. */
async function tail(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1000), 0, 1000, Math.max(0, size - 1000));
    return buffer.toString('utf8', 0, bytesRead).trim();
  } finally {
    await file.close();
  }
}

/** The worker's umask must not decide what a web server may read: folders and executables 0755, files 0644. */
async function setModes(tree: string, signal: AbortSignal): Promise<void> {
  await execa('chmod', ['--recursive', 'u=rwX,go=rX', tree], { cancelSignal: signal });
}
