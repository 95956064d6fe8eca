import type { RunOutcome } from '../contract/run.ts';
import type { EnvironmentStage } from '../contract/stage.ts';
import { ActivityError } from './activity-error.ts';
import type { RunSettings } from './ansible/run-request.ts';
import type { ArtifactStore } from './artifact/store.ts';
import { playForEnvironment } from './play-for-environment.ts';
import { rolesOf } from './roles.ts';

const TIMEOUT_SECONDS = 4 * 3600;

export interface Upload {
  stage: EnvironmentStage;
  /** Members, and the storage of their shared files, which gets what the release brings for them. */
  hosts: string[];
  release: { id: string; checksum: string };
  /** By member: the release that it serves, whose unchanged files are linked; '' where it has none. */
  against: Record<string, string>;
}

/**
 * Brings an artifact to hosts, where it becomes a release by a rename.
 *
 * @throws {ActivityError} `artifact-missing`, and what concerns the whole run.
 */
export async function uploadRelease(settings: RunSettings, store: ArtifactStore, { stage, hosts, release, against }: Upload): Promise<RunOutcome> {
  const tree = await store.tree(release.checksum);
  if (!tree) throw new ActivityError('artifact-missing', `The artifact ${release.checksum} is no longer in the worker's store.`);
  return playForEnvironment(settings, stage, {
    playbook: 'deploy-upload.yml',
    hosts: rolesOf(stage.target.group, hosts),
    variables: { musher_release: { ...release, artifact: tree, against } },
    timeoutSeconds: TIMEOUT_SECONDS,
  });
}
