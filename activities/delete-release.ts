import type { RunOutcome } from '../contract/run.ts';
import type { EnvironmentStage } from '../contract/stage.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { playForEnvironment } from './play-for-environment.ts';

const TIMEOUT_SECONDS = 600;

/** The inverse of an upload: a release, whole or half, that no member serves is deleted. */
export const deleteRelease = (
  settings: RunSettings,
  { stage, members, release }: { stage: EnvironmentStage; members: string[]; release: string },
): Promise<RunOutcome> =>
  playForEnvironment(settings, stage, {
    playbook: 'deploy-delete.yml',
    hosts: { members },
    variables: { musher_release: { id: release } },
    timeoutSeconds: TIMEOUT_SECONDS,
  });
