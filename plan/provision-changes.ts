import { backendName, subjectOfBackend } from '../contract/names.ts';
import type { HostObservation, Observation } from '../contract/observation.ts';
import type { EnvironmentTarget, PlannedChange } from '../contract/plan.ts';
import { environmentPath } from '../spec/environment-names.ts';
import { environmentUser } from '../spec/environment-user.ts';
import type { Group } from '../spec/spec.ts';
import { changedSettings, isOnRecord, OF_BALANCER } from './changed-settings.ts';
import { exportedFor, sourceOf } from './keeping.ts';
import { subjectOf } from './target.ts';
import { subjectOfExport, withdrawnExports } from './withdrawn-exports.ts';

/** What an observation does not tell, a provision finds out: settings of services, one by one. */
const REST = '; what differs from the spec is changed';
/** The same where it is on record what the last provision was told. */
const UNCHANGED = ' as the spec has it; what else differs is put right';

/** What is done on each server of a group to make it ready: a line of its own for each thing that was found missing. */
export function provisionChanges(group: Group, environments: readonly EnvironmentTarget[], { hosts }: Observation): PlannedChange[] {
  const { members, balancers, storage } = group;
  const linesOf = (names: readonly string[], lines: (host: string, found: HostObservation | undefined) => string[]) =>
    names.flatMap((host) => lines(host, hosts[host]).map((change) => ({ host, change })));
  return [
    ...linesOf(storage ? [storage.server] : [], (_host, found) => onStorage(group, environments, found)),
    ...linesOf(members, (host, found) => onMember(group, environments, host, found)),
    // What is on record is on the members alone.
    ...linesOf(balancers, (_host, found) => onBalancer(group, environments, found, hosts[members[0]!])),
  ];
}

const userOf = ({ project, environment }: EnvironmentTarget): string => {
  const { name, uid } = environmentUser(project.name, environment.name);
  return `the user ${name} (${uid})`;
};

function onMember(group: Group, environments: readonly EnvironmentTarget[], host: string, found: HostObservation | undefined): string[] {
  const missing = environments.filter((target) => !found?.environments[subjectOf(target)]?.provisioned);
  if (missing.length === 0) return readyLines(environments, found);
  const isBare = missing.length === environments.length;
  const mounts = group.storage !== undefined && group.storage.server !== host;
  const packages = [...(group.web === 'nginx' ? ['nginx', ...(environments.some(({ project }) => project.app !== 'static') ? ['PHP'] : [])] : []), ...(mounts ? ['the NFS client'] : [])];
  return [
    `made ready for ${missing.map(subjectOf).join(', ')}`,
    ...(isBare ? [] : changedSettings(environments, found)),
    ...(isBare && packages.length > 0 ? [`gets ${packages.join(', ')}, where they are not installed`] : []),
    ...missing.flatMap((target) => {
      const { project, environment } = target;
      const path = environmentPath(group.root, project.name, environment.name);
      const php = project.app === 'static' ? '' : `, PHP with ${environment.workers} ${environment.workers === 1 ? 'process' : 'processes'}`;
      const web = group.web === 'nginx' ? [`${subjectOf(target)}: nginx for ${environment.domains.join(', ')} on port ${group.port}${php}`] : [];
      const kinds = [...(group.code === 'nfs' ? ['releases' as const] : []), ...(group.files === 'nfs' ? ['shared' as const] : [])];
      const mounted = mounts ? kinds.map((folder) => `${subjectOf(target)}: mounts ${sourceOf(target, folder)} at ${path}/${folder}`) : [];
      return [`${subjectOf(target)}: ${userOf(target)}, the folder ${path}`, ...mounted, ...web];
    }),
  ];
}

function readyLines(environments: readonly EnvironmentTarget[], found: HostObservation | undefined): string[] {
  const changed = changedSettings(environments, found);
  return changed.length > 0 ? changed : [`is ready${isOnRecord(environments, found) ? `,${UNCHANGED}` : REST}`];
}

function onStorage(group: Group, environments: readonly EnvironmentTarget[], found: HostObservation | undefined): string[] {
  const { code, files, members, storage } = group;
  const what = ['', 'the code', 'the shared files', 'code and shared files'][(code === 'nfs' ? 1 : 0) + (files === 'nfs' ? 2 : 0)]!;
  const foldersOf = ({ project, environment }: EnvironmentTarget) => exportedFor(group, project.name, environment.name);
  const missing = environments.filter((target) => !foldersOf(target).every((folder) => found?.exports?.[folder]));
  const clients = members.filter((member) => member !== storage!.server);
  const exported = [...new Set(environments.flatMap(foldersOf))].flatMap((folder) => {
    const sofar = found?.exports?.[folder]?.length ?? 0;
    if (sofar === clients.length) return [];
    return [`exports ${folder} to ${clients.join(', ')}${sofar > 0 ? ` (so far to ${sofar === 1 ? 'one address' : `${sofar} addresses`})` : ''}`];
  });
  return [
    missing.length ? `keeps ${what} of ${missing.map(subjectOf).join(', ')}` : `keeps ${what}${REST}`,
    ...(found?.exports || clients.length === 0 ? [] : ['gets the NFS server, where it is not installed']),
    ...missing.map((target) => `${subjectOf(target)}: ${userOf(target)}`),
    ...exported,
    ...[...new Set(withdrawnExports(group, environments, found).map((folder) => subjectOfExport(group, folder)))].map((subject) => `no longer exports ${subject}`),
  ];
}

function onBalancer({ name, members }: Group, environments: readonly EnvironmentTarget[], found: HostObservation | undefined, member: HostObservation | undefined): string[] {
  const backends = found?.balancer?.backends ?? {};
  const served = environments.map((target) => ({ target, backend: backendName(target.project.name, target.environment.name) }));
  const balanced = served.flatMap(({ target, backend }) => {
    const sofar = Object.keys(backends[backend] ?? {}).sort();
    if (sofar.join() === [...members].sort().join()) return [];
    const { domains, tls } = target.environment;
    if (sofar.length > 0) return [`balances ${subjectOf(target)} over ${members.join(', ')} (so far over ${sofar.join(', ')})`];
    return [`balances ${subjectOf(target)} for ${domains.join(', ')} over ${members.join(', ')}${tls ? `, HTTPS with the certificate ${tls.certificate.file}` : ''}`];
  });
  const wanted = new Set(served.map(({ backend }) => backend));
  const dropped = (found?.balancer?.groups[name] ?? []).filter((backend) => !wanted.has(backend)).map(subjectOfBackend);
  const changes = [
    ...(found?.balancer ? [] : ['gets HAProxy, where it is not installed']),
    ...balanced,
    ...(found?.balancer ? changedSettings(environments, member, OF_BALANCER) : []),
    ...(dropped.length ? [`no longer balances ${dropped.join(', ')}`] : []),
  ];
  return changes.length > 0 ? changes : [`balances all of them${isOnRecord(environments, member) ? UNCHANGED : REST}`];
}
