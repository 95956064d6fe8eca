import type { RunOutcome } from '../contract/run.ts';
import type { EnvironmentStage } from '../contract/stage.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { obtainArtifact } from './artifact/obtain-artifact.ts';
import type { ArtifactStore } from './artifact/store.ts';
import { playForEnvironment } from './play-for-environment.ts';
import type { NewRelease } from './upload-release.ts';

const TIMEOUT_SECONDS = 3600;

export interface Sight {
  stage: EnvironmentStage;
  members: string[];
  release: NewRelease;
  /** Whether the release is new: then what it brings for shared paths that each member has of its own goes there first. */
  isNew: boolean;
}

/**
 * Has members prove that they see a whole release on their storage, each as the environment's own user.
 *
 * @throws {ActivityError} `artifact-missing`, and what concerns the whole run.
 */
export async function seeRelease(settings: RunSettings, store: ArtifactStore, { stage, members, release: { id, checksum, ref }, isNew }: Sight): Promise<RunOutcome> {
  const brings = isNew && stage.target.group.files === 'none' && stage.target.project.shared.length > 0;
  const artifact = brings ? await obtainArtifact(settings, store, checksum, { project: stage.target.project, ref }) : null;
  return playForEnvironment(settings, stage, {
    playbook: 'deploy-see.yml',
    hosts: { members },
    variables: { musher_release: { id, checksum, artifact } },
    timeoutSeconds: TIMEOUT_SECONDS,
  });
}
