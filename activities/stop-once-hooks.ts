import type { RunOutcome } from '../contract/run.ts';
import type { EnvironmentStage } from '../contract/stage.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { play } from './play.ts';
import { environmentVariables } from './variables.ts';

const TIMEOUT_SECONDS = 300;

/** The inverse of running once hooks, as far as there is one: what still runs of them is stopped, and never started again under this id. */
export const stopOnceHooks = (
  settings: RunSettings,
  { stage, member, release, id }: { stage: EnvironmentStage; member: string; release: string; id: string },
): Promise<RunOutcome> => {
  const { project, environment } = stage.target;
  return play(settings, {
    playbook: 'deploy-once-stop.yml',
    hosts: { members: [member] },
    servers: stage.target.servers,
    variables: {
      musher_environment: environmentVariables(stage.target),
      musher_release: { id: release },
      musher_hooks: { id, commands: project.hooks.once, timeout: environment.hookTimeoutSeconds },
    },
    stage,
    timeoutSeconds: TIMEOUT_SECONDS,
  });
};
