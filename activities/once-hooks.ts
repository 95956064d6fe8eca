import type { EnvironmentTarget } from '../contract/plan.ts';
import type { RunOutcome } from '../contract/run.ts';
import type { EndedHook, EnvironmentStage, HookDecision } from '../contract/stage.ts';
import type { RunSettings } from './ansible/run-request.ts';
import type { Json } from './inventory/json.ts';
import type { Play } from './play.ts';
import { playForEnvironment } from './play-for-environment.ts';

/** Beyond the hooks' own limit: connecting, reading results, and ending what does not want to end. */
const MARGIN_SECONDS = 300;

export interface OnceHooks {
  stage: EnvironmentStage;
  member: string;
  release: string;
  /** Whoever asks again under the same id reads what came of them. */
  id: string;
  /** What people decided about those that failed under this id. */
  decisions: HookDecision[];
  /** What came of the playbook that was due, if there was one. */
  ended?: EndedHook;
}

/**
 * Runs the project's `once` hooks on one member, as units of that host: they outlive the connection, the run and the worker. Before a playbook
 * that has not been begun it ends, and the member's data say so (`due`, a `HookPlace`).
 */
export const runOnceHooks = (settings: RunSettings, hooks: OnceHooks): Promise<RunOutcome> => {
  const { project, environment } = hooks.stage.target;
  const longest = project.hooks.once.length * environment.hookTimeoutSeconds;
  return playForEnvironment(settings, hooks.stage, { ...playOf(hooks, 'deploy-once.yml'), timeoutSeconds: longest + MARGIN_SECONDS });
};

/** The inverse, as far as there is one: what still runs of them is stopped, and never started again under this id. */
export const stopOnceHooks = (settings: RunSettings, hooks: OnceHooks): Promise<RunOutcome> =>
  playForEnvironment(settings, hooks.stage, { ...playOf(hooks, 'deploy-once-stop.yml'), timeoutSeconds: MARGIN_SECONDS });

function playOf({ stage, member, release, id, decisions, ended }: OnceHooks, playbook: string): Pick<Play, 'playbook' | 'hosts' | 'variables'> {
  return {
    playbook,
    hosts: { members: [member] },
    variables: { musher_release: { id: release }, ...hooksVariables(stage.target, id, { decisions, ...(ended && { ended: { ...ended } }) }) },
  };
}

/** The `once` hooks as playbooks know them: the variable `musher_hooks`. */
export const hooksVariables = ({ project, environment }: EnvironmentTarget, id: string, more: Record<string, Json> = {}): Record<string, Json> => ({
  musher_hooks: { id, hooks: project.hooks.once, timeout: environment.hookTimeoutSeconds, ...more },
});
