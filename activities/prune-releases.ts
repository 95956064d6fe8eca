import type { RunOutcome } from '../contract/run.ts';
import type { EnvironmentStage } from '../contract/stage.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { playForEnvironment } from './play-for-environment.ts';
import { rolesOf } from './roles.ts';

const TIMEOUT_SECONDS = 600;

/** Deletes the oldest releases beyond those that the environment keeps, where they are kept; never one of `keepIds`, never the current. */
export const pruneReleases = (
  settings: RunSettings,
  { stage, hosts, keepIds }: { stage: EnvironmentStage; hosts: string[]; keepIds: string[] },
): Promise<RunOutcome> =>
  playForEnvironment(settings, stage, {
    playbook: 'deploy-prune.yml',
    hosts: rolesOf(stage.target.group, hosts),
    variables: { musher_keep_ids: keepIds },
    timeoutSeconds: TIMEOUT_SECONDS,
    // Members forget what the storage says, in the same run, that it keeps no more.
    ...(stage.target.group.code === 'nfs' && { afterLoss: 'all-hosts' }),
  });
