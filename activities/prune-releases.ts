import type { RunOutcome } from '../contract/run.ts';
import type { EnvironmentStage } from '../contract/stage.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { playForEnvironment } from './play-for-environment.ts';

const TIMEOUT_SECONDS = 600;

/** Deletes the oldest releases beyond those that the environment keeps; never one of `keepIds`, never the current. */
export const pruneReleases = (
  settings: RunSettings,
  { stage, members, keepIds }: { stage: EnvironmentStage; members: string[]; keepIds: string[] },
): Promise<RunOutcome> =>
  playForEnvironment(settings, stage, {
    playbook: 'deploy-prune.yml',
    hosts: { members },
    variables: { musher_keep_ids: keepIds },
    timeoutSeconds: TIMEOUT_SECONDS,
  });
