import { backendName } from '../contract/names.ts';
import type { BackendServerObservation, Observation } from '../contract/observation.ts';
import type { EnvironmentTarget, MemberBefore } from '../contract/plan.ts';
import { environmentSubject } from '../spec/environment-names.ts';
import { releasesOf } from './keeping.ts';

/** How each member of the environment was found: what it is put back to when the operation is undone. */
export function membersBefore(target: EnvironmentTarget, observation: Observation): Record<string, MemberBefore> {
  const { project, environment, group } = target;
  const subject = environmentSubject(project.name, environment.name);
  const backend = backendName(project.name, environment.name);
  return Object.fromEntries(
    group.members.map((member) => {
      const release = observation.hosts[member]?.environments[subject]?.current ?? null;
      const balancers: Record<string, BackendServerObservation> = {};
      for (const balancer of group.balancers) {
        const server = observation.hosts[balancer]?.balancer?.backends[backend]?.[member];
        if (server) balancers[balancer] = server;
      }
      return [
        member,
        {
          release,
          checksum: releasesOf(target, observation, member).find(({ id }) => id === release)?.checksum ?? null,
          balancers,
          inService: serves(release, group.balancers, balancers),
        },
      ];
    }),
  );
}

/** In service: it has a release, and no balancer holds it back. A drain left by a dead operation is not meant to last. */
const serves = (release: string | null, names: readonly string[], seen: Record<string, BackendServerObservation>): boolean =>
  release !== null && names.every((name) => !seen[name]?.held);
