import type { Connected } from '../../client/connect.ts';
import { observeRequest } from '../../client/requests.ts';
import { backendName } from '../../contract/names.ts';
import type { BackendServerObservation, MountObservation, Observation } from '../../contract/observation.ts';
import type { Group, Spec } from '../../spec/spec.ts';
import type { Status } from './collect-status.ts';

/** A member as the servers themselves say. */
export interface LiveMember {
  name: string;
  /** Why the member could not be asked; then the rest is empty. */
  unreachable?: string;
  release: string | null;
  checksum: string | null;
  /** Ids of complete releases that it could serve, oldest first: its own, or its storage's. */
  releases: string[];
  /** Its code, where that is on a storage server. */
  code?: MountObservation;
  /** Its shared files, where they are on a storage server. */
  files?: MountObservation;
  /** By balancer. */
  balancers: Record<string, BackendServerObservation>;
}

/** Looks at the servers of every group that the status names, and adds what they say. */
export async function observeLive({ client, sign }: Connected, spec: Spec, status: Status): Promise<Status> {
  const groups = [...new Set(status.subjects.map(({ group }) => group))].filter((group) => Object.hasOwn(spec.groups, group));
  const observed = await Promise.all(groups.map(async (group) => [group, await client.observe(sign(observeRequest(spec, group)))] as const));
  const observations = Object.fromEntries(observed);
  return {
    ...status,
    subjects: status.subjects.map((subject) => {
      const observation = observations[subject.group];
      if (subject.kind === 'group' || !observation) return subject;
      return { ...subject, live: liveMembers(observation, subject.subject, spec.groups[subject.group]!) };
    }),
  };
}

/** @param subject `shop/live`. */
export function liveMembers({ hosts, unreachable }: Observation, subject: string, group: Group): LiveMember[] {
  const [project = '', environment = ''] = subject.split('/');
  const backend = backendName(project, environment);
  const storage = group.code === 'nfs' ? group.storage?.server : undefined;
  return group.members.map((name) => {
    const found = hosts[name]?.environments[subject];
    const releases = hosts[storage ?? name]?.environments[subject]?.releases ?? [];
    const release = found?.current ?? null;
    return {
      name,
      ...(unreachable[name] !== undefined && { unreachable: unreachable[name] }),
      release,
      checksum: releases.find(({ id }) => id === release)?.checksum ?? null,
      releases: releases.map(({ id }) => id),
      ...(found?.code && { code: found.code }),
      ...(found?.files && { files: found.files }),
      balancers: Object.fromEntries(
        Object.entries(hosts).flatMap(([host, { balancer }]) => {
          const server = balancer?.backends[backend]?.[name];
          return server ? [[host, server]] : [];
        }),
      ),
    };
  });
}
