import type { RunOutcome } from '../contract/run.ts';
import type { EnvironmentStage } from '../contract/stage.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { play, type Play } from './play.ts';
import { environmentVariables } from './variables.ts';

/** Runs a playbook of a step on an environment's servers; it finds the environment in `musher_environment`. */
export const playForEnvironment = (
  settings: RunSettings,
  stage: EnvironmentStage,
  { variables, ...rest }: Pick<Play, 'playbook' | 'hosts' | 'variables' | 'timeoutSeconds' | 'afterLoss' | 'runsUsers'>,
): Promise<RunOutcome> =>
  play(settings, {
    ...rest,
    servers: stage.target.servers,
    variables: { musher_environment: environmentVariables(stage.target), ...variables },
    stage,
  });
