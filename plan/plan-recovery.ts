import { environmentScope } from '../contract/names.ts';
import type { Observation } from '../contract/observation.ts';
import type { Batch, DeployPlan, EnvironmentTarget } from '../contract/plan.ts';
import { releasesOf } from './keeping.ts';
import { membersBefore } from './members-before.ts';
import { nextEpoch } from './next-epoch.ts';

export interface RecoveryPlan {
  epoch: number;
  /** Batches of the plan that was cut off, in its order, with those of their members that are to be put back. */
  batches: Batch[];
}

/**
 * Plans what is put right on an environment's members after an operation that was cut off in the middle of its batches.
 *
 * Nothing, where all members that served before serve one release. Otherwise each of them serves again what it was found with, and
 * nobody stays drained. Members that are held are left out on purpose, by whomever, and stay so; so does one that had not served.
 *
 * @param cutOff the plan that was being carried out.
 */
export function planRecovery(target: EnvironmentTarget, observation: Observation, cutOff: DeployPlan): RecoveryPlan {
  const { project, environment, group } = target;
  const epoch = nextEpoch(observation, environmentScope(project.name, environment.name));
  const now = membersBefore(target, observation);
  const kept = (member: string, release: string) => releasesOf(target, observation, member).some(({ id }) => id === release);
  const concerned = group.members.filter((member) => {
    const before = cutOff.members[member];
    return member in observation.hosts && now[member]!.inService && !!before?.inService && before.release !== null && kept(member, before.release);
  });
  const isAsked = (member: string) => Object.values(now[member]!.balancers).every(({ admin }) => admin === 'ready');
  const serving = new Set(concerned.map((member) => now[member]!.release));
  const whole = concerned.every(isAsked) && serving.size <= 1;
  const back = new Set(whole ? [] : concerned.filter((member) => !isAsked(member) || now[member]!.release !== cutOff.members[member]!.release));
  return {
    epoch,
    batches: cutOff.batches.map((batch) => ({ ...batch, members: batch.members.filter((member) => back.has(member)) })).filter(({ members }) => members.length > 0),
  };
}
