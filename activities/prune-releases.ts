import type { RunOutcome } from '../contract/run.ts';
import type { EnvironmentStage } from '../contract/stage.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { play } from './play.ts';
import { environmentVariables } from './variables.ts';

const TIMEOUT_SECONDS = 600;

/** Deletes the oldest releases beyond those that the environment keeps; never one of `keepIds`, never the current. */
export const pruneReleases = (
  settings: RunSettings,
  { stage, members, keepIds }: { stage: EnvironmentStage; members: string[]; keepIds: string[] },
): Promise<RunOutcome> =>
  play(settings, {
    playbook: 'deploy-prune.yml',
    hosts: { members },
    servers: stage.target.servers,
    variables: { musher_environment: environmentVariables(stage.target), musher_keep_ids: keepIds },
    stage,
    timeoutSeconds: TIMEOUT_SECONDS,
  });
