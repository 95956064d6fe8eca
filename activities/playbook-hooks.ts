import { ActivityError } from './activity-error.ts';
import type { HostOutcome, RunOutcome } from '../contract/run.ts';
import type { EnvironmentStage, HookPlace } from '../contract/stage.ts';
import { RunFailure } from './ansible/run-failure.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { hooksVariables } from './once-hooks.ts';
import type { Play } from './play.ts';
import { playForEnvironment } from './play-for-environment.ts';
import { rolesOf } from './roles.ts';
import { userVariables } from './variables.ts';

export interface OncePlaybook {
  stage: EnvironmentStage;
  /** Keeps the record of `once` hooks. */
  member: string;
  /** All that serve, without those that are left out. */
  members: string[];
  release: string;
  /** Of the `once` hooks that it is one of. */
  id: string;
  due: HookPlace;
  playbook: string;
}

/**
 * Runs a playbook that is a `once` hook on the environment's servers, unless it is on record as begun. It is begun once: what died is not run again.
 *
 * @throws {ActivityError} `hook-failed` when it takes too long, `run-lost` when nobody saw its end, and what concerns the whole run.
 */
export async function playOnceHook(settings: RunSettings, { stage, member, members, release, id, due, playbook }: OncePlaybook): Promise<RunOutcome> {
  const { group } = stage.target;
  const { balancers, storage } = rolesOf(group);
  const outcome = await playUsers(settings, stage, playbook, {
    playbook: 'deploy-once-playbook.yml',
    hosts: { once: [member], members, balancers: balancers!, storage: storage! },
    variables: { ...userVariables(stage.target, release), ...hooksVariables(stage.target, id), musher_hook: { ...due }, musher_playbook: playbook },
    afterLoss: 'nothing',
  });
  // Before that nothing has happened, and a server that did not answer may be asked again.
  return outcome.data[member]?.['begun'] ? toldAsHook(outcome, playbook, ({ failure }) => failure !== 'fenced') : outcome;
}

export interface EachPlaybook {
  stage: EnvironmentStage;
  members: string[];
  release: string;
  playbook: string;
}

/** Runs a playbook that is an `each` hook on members of a batch, and on nobody else. @throws {ActivityError} as for a `once` hook */
export async function playEachHook(settings: RunSettings, { stage, members, release, playbook }: EachPlaybook): Promise<RunOutcome> {
  const outcome = await playUsers(settings, stage, playbook, {
    playbook,
    hosts: { members, balancers: [], storage: [] },
    variables: userVariables(stage.target, release),
    afterLoss: 'all-hosts',
  });
  return toldAsHook(outcome, playbook, ({ failure }) => failure === 'task-failed');
}

async function playUsers(settings: RunSettings, stage: EnvironmentStage, playbook: string, play: Omit<Play, 'servers' | 'timeoutSeconds'>): Promise<RunOutcome> {
  const timeoutSeconds = stage.target.environment.hookTimeoutSeconds;
  try {
    return await playForEnvironment(settings, stage, { ...play, timeoutSeconds, runsUsers: true });
  } catch (error) {
    if (!(error instanceof RunFailure) || error.type !== 'timed-out') throw error;
    throw new ActivityError('hook-failed', `The playbook ${playbook} took longer than ${timeoutSeconds} s${/ at the task .*(?=\.$)/s.exec(error.message)?.[0] ?? ''}.`);
  }
}

type Failed = Extract<HostOutcome, { status: 'failed' }>;

function toldAsHook(outcome: RunOutcome, playbook: string, isOfHook: (failed: Failed) => boolean): RunOutcome {
  const told = (host: HostOutcome): HostOutcome =>
    host.status === 'failed' && isOfHook(host)
      ? { ...host, failure: 'hook-failed', message: `The playbook ${playbook} failed at the task "${host.task}": ${host.message}` }
      : host;
  return { ...outcome, hosts: Object.fromEntries(Object.entries(outcome.hosts).map(([name, host]) => [name, told(host)])) };
}
