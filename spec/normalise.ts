import { homedir } from 'node:os';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { DAY } from './duration.ts';
import { presetOf, type Keeping } from './kinds.ts';
import { presetDocroot, presetShared } from './presets.ts';
import type { SpecFile } from './schema.ts';
import type { Environment, Group, Hook, Project, Server, Source, Spec, Storage } from './spec.ts';
import { plainDocroot, plainPath } from './text/path.ts';

/** What "pause" and "required" stand for, in seconds. */
const PAUSE = 4 * 3600;
const APPROVAL = DAY;

type FileOf<K extends 'servers' | 'groups' | 'projects'> = SpecFile[K][string];

/**
 * A checked file as a Spec: presets filled in, each thing knowing its name, local paths absolute.
 *
 * @param file the absolute path of the spec: relative paths are seen from its folder.
 */
export function normalise({ version, servers, groups, projects }: SpecFile, file: string): Spec {
  const local = (path: string) => localPath(path, dirname(file));
  return {
    version,
    servers: mapNamed(servers, (name, server) => serverOf(name, server, local)),
    groups: mapNamed(groups, groupOf),
    projects: mapNamed(projects, (name, project) => projectOf(name, project, local, file)),
  };
}

/** A path of this machine as a spec says it, absolute: `~/` is the home folder. @param folder what relative paths are seen from. */
export const localPath = (path: string, folder: string): string => resolve(folder, path.replace(/^~(?=\/)/, () => homedir()));

type Local = (path: string) => string;

const mapNamed = <From, To>(map: Record<string, From>, of: (name: string, value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(map).map(([name, value]) => [name, of(name, value)]));

const serverOf = (name: string, { key, ...server }: FileOf<'servers'>, local: Local): Server => ({
  name,
  ...server,
  ...(key !== undefined && { key: local(key) }),
});

function groupOf(name: string, { reload, code, files, storage, ...group }: FileOf<'groups'>): Group {
  const preset = presetOf(group.kind);
  const root = plainPath(group.root);
  return {
    name,
    ...group,
    root,
    ...(reload !== undefined && { reload }),
    ...codeOf(code ?? preset.code),
    files: typeof files === 'object' ? 'nfs' : (files ?? preset.files),
    ...storageOf(storage ?? (typeof files === 'object' ? { ...files, scope: 'environment' } : undefined), root),
  };
}

/** An image is a form of code on NFS. */
const codeOf = (said: Keeping['code']): Pick<Group, 'code' | 'image'> => (said === 'image' ? { code: 'nfs', image: true } : { code: said });

function storageOf(file: FileOf<'groups'>['storage'], root: string): { storage?: Storage } {
  if (!file) return {};
  const { export: folder, volumes, ...storage } = file;
  const plain = Object.entries(volumes ?? {}).map(([name, path]) => [name, plainPath(path)]);
  return { storage: { ...storage, export: folder === undefined ? root : plainPath(folder), ...(plain.length > 0 && { volumes: Object.fromEntries(plain) as Record<string, string> }) } };
}

function projectOf(name: string, file: FileOf<'projects'>, local: Local, specFile: string): Project {
  const docroot = file.docroot === undefined ? presetDocroot(file.app) : plainDocroot(file.docroot);
  const hookOf = (hook: Hook): Hook => (typeof hook === 'string' ? hook : { playbook: local(hook.playbook) });
  const shared = file.shared?.map((entry) =>
    typeof entry === 'string' ? { path: plainPath(entry), type: 'directory' as const } : { ...entry, path: plainPath(entry.path) },
  );
  return {
    name,
    app: file.app,
    source: sourceOf(file.source, local, specFile),
    ...(file.build !== undefined && { build: file.build }),
    shared: shared ?? presetShared(file.app, docroot),
    docroot,
    hooks: { once: file.hooks.once.map(hookOf), each: file.hooks.each.map(hookOf) },
    environments: mapNamed(file.environments, (key, environment) => environmentOf(key, { approval: file.approval, ...environment }, local)),
  };
}

/** The checks have seen that exactly one of the three is there. */
function sourceOf({ directory, archive, sha256 = '', git = '' }: FileOf<'projects'>['source'], local: Local, specFile: string): Source {
  if (directory !== undefined) return directorySource(local(directory), specFile);
  if (archive !== undefined) return { type: 'archive', archive: local(archive), sha256: sha256.toLowerCase().replace(/^sha256:/, '') };
  return { type: 'git', git };
}

function directorySource(directory: string, specFile: string): Source {
  const spec = relative(directory, specFile);
  return { type: 'directory', directory, ...(spec !== '..' && !spec.startsWith('../') && !isAbsolute(spec) && { spec }) };
}

const environmentOf = (name: string, file: FileOf<'projects'>['environments'][string], local: Local): Environment => ({
  name,
  group: file.group,
  ...(file.ref !== undefined && { ref: file.ref }),
  domains: file.domains.map((domain) => domain.toLowerCase()),
  health: { check: file.health.check, path: file.health.path, expect: file.health.expect, timeoutSeconds: file.health.timeout },
  batch: file.batch,
  keep: file.keep,
  onFailure: onFailureOf(file.on_failure),
  ...approvalOf(file.approval),
  tolerate: file.tolerate,
  ...(file.tls && { tls: { certificate: { file: local(file.tls.certificate.file) } } }),
  workers: file.workers,
  hookTimeoutSeconds: file.hook_timeout,
  drainTimeoutSeconds: file.drain_timeout,
  retryTimeoutSeconds: file.retry_timeout,
});

function onFailureOf(said: FileOf<'projects'>['environments'][string]['on_failure']): Environment['onFailure'] {
  if (said === 'rollback') return said;
  return said === 'pause' ? { pauseSeconds: PAUSE, otherwise: 'rollback' } : { pauseSeconds: said.pause, otherwise: said.then };
}

function approvalOf(said: FileOf<'projects'>['approval']): Pick<Environment, 'approval'> {
  if (said === undefined || said === 'none') return {};
  return { approval: { withinSeconds: said === 'required' ? APPROVAL : said.within } };
}
