import type { RunOutcome } from '../contract/run.ts';
import type { EnvironmentStage } from '../contract/stage.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { playForEnvironment } from './play-for-environment.ts';
import { rolesOf } from './roles.ts';

const TIMEOUT_SECONDS = 600;

/** The inverse of an upload: a release, whole or half, that no member serves is deleted. */
export const deleteRelease = (
  settings: RunSettings,
  { stage, hosts, release }: { stage: EnvironmentStage; hosts: string[]; release: string },
): Promise<RunOutcome> =>
  playForEnvironment(settings, stage, {
    playbook: 'deploy-delete.yml',
    hosts: rolesOf(stage.target.group, hosts),
    variables: { musher_release: { id: release } },
    timeoutSeconds: TIMEOUT_SECONDS,
  });
