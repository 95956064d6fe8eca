import type { RunOutcome } from '../contract/run.ts';
import type { EnvironmentStage } from '../contract/stage.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { play } from './play.ts';
import { environmentVariables } from './variables.ts';

/** Beyond the hooks' own limit: connecting, and reading results. */
const MARGIN_SECONDS = 300;

/**
 * Runs the project's `once` hooks on one member, as units of that host: they outlive the connection, the run
 * and the worker, and whoever asks again under the same id reads what came of them.
 */
export const runOnceHooks = (
  settings: RunSettings,
  { stage, member, release, id }: { stage: EnvironmentStage; member: string; release: string; id: string },
): Promise<RunOutcome> => {
  const { project, environment } = stage.target;
  return play(settings, {
    playbook: 'deploy-once.yml',
    hosts: { members: [member] },
    servers: stage.target.servers,
    variables: {
      musher_environment: environmentVariables(stage.target),
      musher_release: { id: release },
      musher_hooks: { id, commands: project.hooks.once, timeout: environment.hookTimeoutSeconds },
    },
    stage,
    timeoutSeconds: project.hooks.once.length * environment.hookTimeoutSeconds + MARGIN_SECONDS,
  });
};
