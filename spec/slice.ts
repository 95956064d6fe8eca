import { environmentSubject } from './environment-names.ts';
import { quote } from './spec-error.ts';
import { suggestName } from './suggest.ts';
import { serverNames } from './server-names.ts';
import type { Project, Spec, Storage } from './spec.ts';

/** A name that the spec does not hold. Its message is one sentence for a person. */
export class UnknownNameError extends Error {
  override name = 'UnknownNameError';
}

/**
 * What an operation on one environment needs: its project with this environment only, its group, the group's servers.
 *
 * @throws {UnknownNameError}
 */
export function sliceForEnvironment(spec: Spec, projectName: string, environmentName: string): Spec {
  const project = find(spec.projects, projectName, 'project');
  const environment = find(project.environments, environmentName, 'environment', ` in project ${quote(projectName)}`);
  const projects = { [projectName]: { ...project, environments: { [environmentName]: environment } } };
  return withGroup(spec, environment.group, projects);
}

/**
 * What an operation on a group needs: its servers, and every environment that it serves.
 *
 * @throws {UnknownNameError}
 */
export function sliceForGroup(spec: Spec, groupName: string): Spec {
  const projects = Object.values(spec.projects)
    .map((project) => ({ ...project, environments: filterValues(project.environments, ({ group }) => group === groupName) }))
    .filter(({ environments }) => Object.keys(environments).length > 0);
  return withGroup(spec, groupName, Object.fromEntries(projects.map((project) => [project.name, project])));
}

function withGroup(spec: Spec, groupName: string, projects: Record<string, Project>): Spec {
  const group = find(spec.groups, groupName, 'group');
  const needed = new Set(serverNames(group));
  return {
    version: spec.version,
    servers: filterValues(spec.servers, ({ name }) => needed.has(name)),
    groups: { [groupName]: { ...group, ...(group.storage && { storage: storageFor(group.storage, projects) }) } },
    projects,
  };
}

/** Without what is for other environments: it is nothing to this operation. */
function storageFor({ volumes, ...storage }: Storage, projects: Record<string, Project>): Storage {
  const names = Object.values(projects).flatMap(({ name, environments }) => Object.keys(environments).map((environment) => environmentSubject(name, environment)));
  const kept = Object.entries(volumes ?? {}).filter(([name]) => names.includes(name));
  return { ...storage, ...(kept.length > 0 && { volumes: Object.fromEntries(kept) }) };
}

const filterValues = <T>(map: Record<string, T>, keep: (value: T) => boolean): Record<string, T> =>
  Object.fromEntries(Object.entries(map).filter(([, value]) => keep(value)));

function find<T>(map: Record<string, T>, name: string, kind: string, where = ''): T {
  const found = Object.hasOwn(map, name) ? map[name] : undefined;
  if (found !== undefined) return found;
  throw new UnknownNameError(`no ${kind} ${quote(name)}${where}; ${suggestName(name, Object.keys(map), kind)}`);
}
