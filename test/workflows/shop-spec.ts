import { parseSpec } from '../../spec/parse-spec.ts';
import type { Hook, Spec } from '../../spec/spec.ts';

/** The environment that it has. */
export const LIVE = { project: 'shop', environment: 'live' };

/** A spec of three members behind one balancer. @param lines what the environment says beyond the usual, as YAML; group: what kind of group it is. */
export function shopSpec(lines: Record<string, unknown> = {}, hooks: { once?: Hook[]; each?: Hook[] } = {}, group: Record<string, unknown> = { kind: 'cluster' }): Spec {
  const text = JSON.stringify({
    version: 1,
    servers: Object.fromEntries(['lb1', 'web1', 'web2', 'web3', 'nfs1'].map((name, index) => [name, { address: `192.0.2.${index + 1}`, user: 'deploy' }])),
    groups: { eu: { ...group, members: ['web1', 'web2', 'web3'], balancers: ['lb1'] } },
    projects: {
      shop: {
        app: 'php',
        source: { directory: './shop' },
        hooks,
        environments: { live: { group: 'eu', domains: ['shop.example.net'], retry_timeout: 4, ...lines } },
      },
    },
  });
  const parsed = parseSpec(text, '/srv/musher.yml');
  if ('errors' in parsed) throw new Error(JSON.stringify(parsed.errors));
  return parsed.spec;
}

/** The same as a pack, whose code and files nfs1 keeps. */
export const packSpec = (lines: Record<string, unknown> = {}, hooks: { once?: Hook[]; each?: Hook[] } = {}): Spec =>
  shopSpec(lines, hooks, { kind: 'pack', storage: { server: 'nfs1' } });
