import type { RunOutcome } from '../contract/run.ts';
import type { EnvironmentStage } from '../contract/stage.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { obtainArtifact } from './artifact/obtain-artifact.ts';
import type { ArtifactStore } from './artifact/store.ts';
import { playForEnvironment } from './play-for-environment.ts';
import { rolesOf } from './roles.ts';

const TIMEOUT_SECONDS = 4 * 3600;

/** A release that was built by this worker, or another one. */
export interface NewRelease {
  id: string;
  checksum: string;
  /** What of a git source it was built from. */
  ref?: string;
}

export interface Upload {
  stage: EnvironmentStage;
  /** Who gets the release, or what it brings for shared files: members, the storage, or both. */
  hosts: string[];
  release: NewRelease;
  /** By server: a release that it keeps, whose unchanged files are linked; '' where it has none. */
  against: Record<string, string>;
}

/**
 * Brings an artifact to hosts, where it becomes a release by a rename.
 *
 * @throws {ActivityError} `artifact-missing`, and what concerns the whole run.
 */
export async function uploadRelease(settings: RunSettings, store: ArtifactStore, { stage, hosts, release: { id, checksum, ref }, against }: Upload): Promise<RunOutcome> {
  const artifact = await obtainArtifact(settings, store, checksum, { project: stage.target.project, ref });
  return playForEnvironment(settings, stage, {
    playbook: 'deploy-upload.yml',
    hosts: rolesOf(stage.target.group, hosts),
    variables: { musher_release: { id, checksum, artifact, against } },
    timeoutSeconds: TIMEOUT_SECONDS,
  });
}
