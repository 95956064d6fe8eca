import { stringify } from 'yaml';

interface NamedHost {
  name: string;
  address: string;
}

export interface SpecOptions {
  /** `user` and `key` open them all. */
  members: NamedHost[];
  balancers: NamedHost[];
  user: string;
  /** File of the private SSH key. */
  key: string;
  /** The source folder that `makeRelease` made; a later release is made in its place. */
  source: string;
  /**
   * Two more groups behind the same balancers, on the same members: a cluster whose shared files `storage` keeps, and a pack whose code it keeps, too.
   * Both serve the application, with what `makeGallery` made in it.
   */
  handbook?: { members: NamedHost[]; storage: NamedHost; source: string };
}

/** What the load sends, and what the pages answer. */
export const DEMO_ENVIRONMENTS = [
  { name: 'wiki/live', host: 'wiki.example.net' },
  { name: 'wiki/test', host: 'test.wiki.example.net' },
] as const;

/** The same site in both kinds of group, and a page of it. */
export const BOTH = [
  { kind: 'cluster', group: 'eu-files', name: 'handbook/cluster', host: 'cluster.handbook.example.net' },
  { kind: 'pack', group: 'eu-pack', name: 'handbook/pack', host: 'pack.handbook.example.net' },
] as const;
export const HANDBOOK = { page: '/doku.php?id=start', holds: 'The Musher Handbook' } as const;

/** The text of a `musher.yml`: one cluster, and on it the demo's application in two environments; and beside it both kinds of group that have a storage, where there is one. */
export function makeSpec({ members, balancers, user, key, source, handbook }: SpecOptions): string {
  const hosts = [...balancers, ...members, ...(handbook ? [...handbook.members, handbook.storage] : [])];
  const balancedBy = balancers.map(({ name }) => name);
  const servers = Object.fromEntries(hosts.map(({ name, address }) => [name, { address, user, key }]));
  const environment = (domain: string): object => ({
    group: 'eu-cluster',
    domains: [domain],
    health: { path: '/load.php', expect: 200 },
    batch: 1,
    keep: 5,
    workers: 12,
  });
  return stringify({
    version: 1,
    servers,
    groups: {
      'eu-cluster': { kind: 'cluster', members: members.map(({ name }) => name), balancers: balancedBy },
      ...(handbook && {
        'eu-files': { kind: 'cluster', members: handbook.members.map(({ name }) => name), files: { server: handbook.storage.name }, balancers: balancedBy },
        'eu-pack': { kind: 'pack', members: handbook.members.map(({ name }) => name), storage: { server: handbook.storage.name, export: '/srv/packs' }, balancers: balancedBy },
      }),
    },
    projects: {
      wiki: {
        app: 'php',
        source: { directory: source },
        docroot: 'public',
        shared: ['data'],
        environments: Object.fromEntries(DEMO_ENVIRONMENTS.map(({ name, host }) => [name.replace('wiki/', ''), environment(host)])),
      },
      ...(handbook && {
        handbook: {
          app: 'php',
          source: { directory: handbook.source },
          docroot: 'public',
          shared: ['data', 'public/gallery/pictures'],
          environments: Object.fromEntries(
            BOTH.map(({ name, group, host }) => [name.replace('handbook/', ''), { group, domains: [host], health: { path: '/load.php' }, workers: 4 }]),
          ),
        },
      }),
    },
  });
}
