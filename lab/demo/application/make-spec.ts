import { stringify } from 'yaml';

export interface SpecOptions {
  /** Name and address of each; `user` and `key` open them all. */
  members: { name: string; address: string }[];
  balancers: { name: string; address: string }[];
  user: string;
  /** File of the private SSH key. */
  key: string;
  /** The source folder that `makeRelease` made; a later release is made in its place. */
  source: string;
}

/** What the load sends, and what the pages answer. */
export const DEMO_ENVIRONMENTS = [
  { name: 'wiki/live', host: 'wiki.example.net' },
  { name: 'wiki/test', host: 'test.wiki.example.net' },
] as const;

/** The text of a `musher.yml`: one cluster, and on it the demo's application in two environments. */
export function makeSpec({ members, balancers, user, key, source }: SpecOptions): string {
  const servers = Object.fromEntries([...balancers, ...members].map(({ name, address }) => [name, { address, user, key }]));
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
    groups: { 'eu-cluster': { kind: 'cluster', members: members.map(({ name }) => name), balancers: balancers.map(({ name }) => name) } },
    projects: {
      wiki: {
        app: 'php',
        source: { directory: source },
        docroot: 'public',
        shared: ['data'],
        environments: Object.fromEntries(DEMO_ENVIRONMENTS.map(({ name, host }) => [name.replace('wiki/', ''), environment(host)])),
      },
    },
  });
}
