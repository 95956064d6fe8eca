import type { RunOutcome } from '../contract/run.ts';
import type { EnvironmentStage } from '../contract/stage.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { playForEnvironment } from './play-for-environment.ts';

const TIMEOUT_SECONDS = 300;

/**
 * Tells balancers which members they must not ask (`held`), whatever their health checks say, and which
 * they may ask again as soon as they are healthy (`released`).
 */
export const holdMembers = (
  settings: RunSettings,
  { stage, balancers, held, released }: { stage: EnvironmentStage; balancers: string[]; held: string[]; released: string[] },
): Promise<RunOutcome> =>
  playForEnvironment(settings, stage, {
    playbook: 'balancer-hold.yml',
    hosts: { balancers },
    variables: { musher_holds: held, musher_releases: released },
    timeoutSeconds: TIMEOUT_SECONDS,
  });
