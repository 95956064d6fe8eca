import type { RunOutcome } from '../contract/run.ts';
import type { EnvironmentStage } from '../contract/stage.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { play } from './play.ts';
import { environmentVariables } from './variables.ts';

const TIMEOUT_SECONDS = 600;

/** The inverse of an upload: a release, whole or half, that no member serves is deleted. */
export const deleteRelease = (
  settings: RunSettings,
  { stage, members, release }: { stage: EnvironmentStage; members: string[]; release: string },
): Promise<RunOutcome> =>
  play(settings, {
    playbook: 'deploy-delete.yml',
    hosts: { members },
    servers: stage.target.servers,
    variables: { musher_environment: environmentVariables(stage.target), musher_release: { id: release } },
    stage,
    timeoutSeconds: TIMEOUT_SECONDS,
  });
