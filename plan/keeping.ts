import type { Observation, ReleaseObservation } from '../contract/observation.ts';
import type { EnvironmentTarget } from '../contract/plan.ts';
import { environmentSubject, storedPath } from '../spec/environment-names.ts';
import type { Group } from '../spec/spec.ts';

/** The storage, where that keeps the code of all members. */
const keeperOfAll = ({ code, storage }: Group): string | undefined => (code === 'nfs' ? storage?.server : undefined);

/** The servers that keep a group's releases: each member its own, or the storage those of all. */
export function keepersOf(group: Group): string[] {
  const storage = keeperOfAll(group);
  return storage === undefined ? group.members : [storage];
}

/** The releases that a member could serve, as whoever keeps them was found. */
export function releasesOf({ project, environment, group }: EnvironmentTarget, { hosts }: Observation, member: string): ReleaseObservation[] {
  return hosts[keeperOfAll(group) ?? member]?.environments[environmentSubject(project.name, environment.name)]?.releases ?? [];
}

/** What is mounted of a storage, as /etc/fstab has it. */
export const sourceAt = (address: string, folder: string): string => `${address.includes(':') ? `[${address}]` : address}:${folder}`;

/** What members mount of the storage of an environment, as /etc/fstab has it. */
export function sourceOf({ group, servers, project, environment }: EnvironmentTarget, folder: 'releases' | 'shared'): string {
  const storage = group.storage!;
  return sourceAt(servers[storage.server]!.address, `${storedPath(storage, project.name, environment.name)}/${folder}`);
}

/** The folders that a group's storage exports for an environment; none where nobody else is there to mount them. */
export function exportedFor({ code, files, storage, members }: Group, project: string, environment: string): string[] {
  if (!storage || members.every((member) => member === storage.server)) return [];
  if (storage.scope === 'group') return [storage.export];
  const path = storedPath(storage, project, environment);
  return [...(code === 'nfs' ? [`${path}/releases`] : []), ...(files === 'nfs' ? [`${path}/shared`] : [])];
}
