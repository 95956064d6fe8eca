import { join } from 'node:path';
import { backendName } from '../contract/names.ts';
import type { EnvironmentTarget } from '../contract/plan.ts';
import { environmentPath, environmentSlug, environmentSubject, storedPath } from '../spec/environment-names.ts';
import { environmentUser } from '../spec/environment-user.ts';
import type { Group, Server } from '../spec/spec.ts';
import type { Json } from './inventory/json.ts';

const CURRENT_LINKS = '/var/lib/musher/current';
const OUTLINES = '/var/lib/musher/outlines';

/** An environment as playbooks know it: the variable `musher_environment`. */
export function environmentVariables({ project, environment, group, servers }: EnvironmentTarget): Record<string, Json> {
  const user = environmentUser(project.name, environment.name);
  return {
    project: project.name,
    name: environment.name,
    slug: environmentSlug(project.name, environment.name),
    backend: backendName(project.name, environment.name),
    path: environmentPath(group.root, project.name, environment.name),
    stored: group.storage ? storedPath(group.storage, project.name, environment.name) : null,
    volume: group.storage?.volumes?.[environmentSubject(project.name, environment.name)] !== undefined,
    current: join(CURRENT_LINKS, project.name, environment.name),
    outline: group.code === 'nfs' ? join(OUTLINES, project.name, environment.name) : null,
    user: user.name,
    uid: user.uid,
    app: project.app,
    docroot: project.docroot,
    shared: project.shared.map(({ path, type }) => ({ path, type })),
    domains: environment.domains,
    health: { check: environment.health.check, path: environment.health.path, expect: environment.health.expect, timeout: environment.health.timeoutSeconds },
    keep: environment.keep,
    workers: environment.workers,
    hook_timeout: environment.hookTimeoutSeconds,
    drain_timeout: environment.drainTimeoutSeconds,
    tls: environment.tls !== undefined,
    port: group.port,
    web: group.web,
    reload: group.reload ?? null,
    ...keepingVariables(group, servers),
  };
}

/** What a user's playbook finds beside `musher_environment`. */
export const userVariables = ({ project, environment, group }: EnvironmentTarget, release: string): Record<string, Json> => ({
  musher_project: project.name,
  musher_root: group.root,
  musher_release: { id: release, path: join(environmentPath(group.root, project.name, environment.name), 'releases', release) },
});

/** A group as playbooks know it: the variable `musher_group`. */
export const groupVariables = (group: Group, servers: Record<string, Server>): Record<string, Json> => {
  const { name, root, web, port } = group;
  return { name, root, web, port, ...keepingVariables(group, servers) };
};

/** Where code and shared paths are, whether releases have images, and the storage of those that are on NFS. */
const keepingVariables = ({ code, image, files, storage }: Group, servers: Record<string, Server>): Record<string, Json> => ({
  code,
  image: image === true,
  files,
  storage: storage ? { server: storage.server, export: storage.export, scope: storage.scope, address: servers[storage.server]!.address } : null,
});
