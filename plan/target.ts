import type { EnvironmentTarget } from '../contract/plan.ts';
import { environmentSubject } from '../spec/environment-names.ts';
import { serverNames } from '../spec/server-names.ts';
import type { Group, Spec } from '../spec/spec.ts';

/** An environment of a checked spec with all that its operations need. */
export function targetOf(spec: Spec, projectName: string, environmentName: string): EnvironmentTarget {
  const { environments, ...project } = known(spec.projects[projectName], projectName);
  const environment = known(environments[environmentName], environmentName);
  const group = known(spec.groups[environment.group], environment.group);
  return { project, environment, group, servers: serversOf(spec, group) };
}

/** The environments that a group of a checked spec serves. */
export const targetsOf = (spec: Spec, groupName: string): EnvironmentTarget[] =>
  Object.values(spec.projects).flatMap((project) =>
    Object.values(project.environments)
      .filter(({ group }) => group === groupName)
      .map((environment) => targetOf(spec, project.name, environment.name)),
  );

/** What an environment is called: `shop/live`. */
export const subjectOf = ({ project, environment }: EnvironmentTarget): string => environmentSubject(project.name, environment.name);

/** The servers of a group, by name. */
export const serversOf = (spec: Spec, group: Group): EnvironmentTarget['servers'] =>
  Object.fromEntries(serverNames(group).map((name) => [name, known(spec.servers[name], name)]));

function known<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`the request's spec does not hold "${name}", which it refers to`);
  return value;
}
