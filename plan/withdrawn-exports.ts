import type { HostObservation, Observation } from '../contract/observation.ts';
import type { EnvironmentTarget } from '../contract/plan.ts';
import type { Group } from '../spec/spec.ts';
import { exportedFor, sourceAt } from './keeping.ts';
import { PlanError } from './plan-error.ts';

/** Folders that a group's storage exports for environments that the group has no longer. */
export function withdrawnExports(group: Group, environments: readonly EnvironmentTarget[], storage: HostObservation | undefined): string[] {
  const wanted = new Set(environments.flatMap(({ project, environment }) => exportedFor(group, project.name, environment.name)));
  return (storage?.exportsOf?.[group.name] ?? []).filter((folder) => !wanted.has(folder));
}

/** The environment of an exported folder; the folder itself where it is a volume's, which bears any name. */
export function subjectOfExport({ storage }: Group, folder: string): string {
  const root = `${storage?.export}/`;
  const [project, environment, kind, ...rest] = folder.startsWith(root) ? folder.slice(root.length).split('/') : [];
  return environment !== undefined && ['releases', 'shared'].includes(kind ?? '') && rest.length === 0 ? `${project}/${environment}` : folder;
}

/**
 * Who mounts what is exported no longer waits for it without end, or gets errors: nothing is withdrawn while a member has it.
 *
 * @throws {PlanError} `still-mounted`
 */
export function refuseStillMounted(group: Group, environments: readonly EnvironmentTarget[], servers: EnvironmentTarget['servers'], { hosts }: Observation): void {
  const { storage, members } = group;
  if (!storage) return;
  refuseOtherScope(group, servers, hosts);
  const withdrawn = withdrawnExports(group, environments, hosts[storage.server]);
  const sourceBy = new Map(withdrawn.map((folder) => [sourceAt(servers[storage.server]!.address, folder), folder]));
  const mounting = mountingOf(members, hosts, (source) => sourceBy.has(source));
  if (Object.keys(mounting).length === 0) return;
  const still = members.flatMap((member) => hosts[member]?.sources ?? []).flatMap((source) => sourceBy.get(source) ?? []);
  const subjects = [...new Set(still.map((folder) => subjectOfExport(group, folder)))];
  const [names, them] = [Object.keys(mounting), subjects.length === 1 ? 'it' : 'them'];
  const message =
    `${storage.server} would no longer export ${subjects.join(', ')}, which the spec no longer has for ${group.name}. ${names.join(', ')} still ` +
    `${names.length === 1 ? 'mounts' : 'mount'} ${them}, and whatever reads there would hang or fail. Put ${them} back in the spec, or take ${them} off the members first.`;
  throw new PlanError('still-mounted', message, mounting);
}

/** By member, in words, what it mounts of these sources; those that mount none are left out. */
const mountingOf = (members: readonly string[], hosts: Observation['hosts'], isMeant: (source: string) => boolean): Record<string, string> =>
  Object.fromEntries(
    members.flatMap((member) => {
      const found = (hosts[member]?.sources ?? []).filter(isMeant);
      return found.length > 0 ? [[member, `mounts ${found.join(' and ')}`]] : [];
    }),
  );

/** What members have open has another name on a storage that exports it in another way. @throws {PlanError} `still-mounted` */
function refuseOtherScope({ name, storage, members }: Group, servers: EnvironmentTarget['servers'], hosts: Observation['hosts']): void {
  const { server, export: folder, scope } = storage!;
  const exported = hosts[server]?.exportsOf?.[name] ?? [];
  const was = exported.includes(folder) ? 'group' : 'environment';
  if (exported.length === 0 || was === scope) return;
  const below = sourceAt(servers[server]!.address, `${folder}/`);
  const mounting = mountingOf(members, hosts, (source) => source.startsWith(below));
  const names = Object.keys(mounting);
  if (names.length === 0) return;
  const message =
    `${server} exports what it keeps for ${name} with "scope: ${was}", and the spec says "scope: ${scope}". ${names.join(', ')} ${names.length === 1 ? 'mounts' : 'mount'} it as it is, ` +
    `and whatever is open there would fail. Write "scope: ${was}" again, or take what ${names.length === 1 ? 'it mounts' : 'they mount'} off the members first.`;
  throw new PlanError('still-mounted', message, mounting);
}
