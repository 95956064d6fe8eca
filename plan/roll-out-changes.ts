import type { Batch, DeployPlan, EnvironmentTarget, PlannedChange } from '../contract/plan.ts';
import type { Hook } from '../spec/spec.ts';

export interface RollOutAim {
  operation: DeployPlan['operation'];
  release: DeployPlan['release'];
}

interface RollOut {
  aim: RollOutAim;
  target: EnvironmentTarget;
  members: DeployPlan['members'];
  leftOut: Record<string, string>;
  /** Those of them that a person left out. */
  without: Record<string, string>;
  batches: readonly Batch[];
  prune: readonly string[];
}

/** What is done on each server to bring a release into service, a line for each thing. */
export function rollOutChanges({ aim, target, members, leftOut, without, batches, prune }: RollOut): PlannedChange[] {
  const { group, project, environment } = target;
  const { storage, balancers } = group;
  const present = group.members.filter((member) => !(member in leftOut));
  const once = aim.operation === 'deploy' ? project.hooks.once : [];
  const pruned = (host: string) => (prune.includes(host) && aim.operation === 'deploy' ? [`keeps ${environment.keep} releases: the oldest beyond them are deleted`] : []);
  const onMember = (host: string): string[] => {
    if (host in without) return ['left out: somebody decided so'];
    if (host in leftOut) return ['left out: it did not answer'];
    const from = members[host]?.release;
    const admitted = members[host]?.inService ? '' : ', then admitted to the balancers';
    return [
      `${from ? `from ${from} ` : ''}to ${aim.release.id}${admitted}`,
      ...(host === present[0] ? once.map((hook) => `once hook, before the first switch: ${named(hook)}`) : []),
      ...project.hooks.each.map((hook) => `each hook, after its switch: ${named(hook)}`),
      ...pruned(host),
    ];
  };
  const drained = batches.filter(({ drain }) => drain).map(({ members: names }) => names.filter((name) => members[name]?.inService).join(' and '));
  const held = Object.keys(leftOut);
  const onBalancer = [
    ...(held.length > 0 ? [`asks ${held.join(', ')} no more until a later deploy`] : []),
    ...(drained.length > 0 ? [`drains ${drained.join(', then ')}, and asks ${drained.length === 1 && !drained[0]!.includes(' ') ? 'it' : 'them'} again after the switch`] : []),
  ];
  const isMember = storage !== undefined && group.members.includes(storage.server);
  return [
    ...(storage ? [...gets(aim, target), ...(isMember ? [] : pruned(storage.server))].map((change) => ({ host: storage.server, change })) : []),
    ...group.members.flatMap((host) => onMember(host).map((change) => ({ host, change }))),
    ...balancers.flatMap((host) => onBalancer.map((change) => ({ host, change }))),
  ];
}

const named = (hook: Hook): string => (typeof hook === 'string' ? hook : `the playbook ${hook.playbook}`);

function gets({ operation, release }: RollOutAim, { group: { code, files } }: EnvironmentTarget): string[] {
  if (operation !== 'deploy') return [];
  return [`gets ${[...(code === 'nfs' ? [`the release ${release.id}`] : []), ...(files === 'nfs' ? ['the shared paths that are missing'] : [])].join(' and ')}`];
}
