import { parseSpec } from '../../spec/parse-spec.ts';
import type { Spec } from '../../spec/spec.ts';

/** A spec of three members behind one balancer. @param lines what the environment says beyond the usual, as YAML. */
export function shopSpec(lines: Record<string, unknown> = {}, hooks: { once?: string[]; each?: string[] } = {}): Spec {
  const text = JSON.stringify({
    version: 1,
    servers: Object.fromEntries(['lb1', 'web1', 'web2', 'web3'].map((name, index) => [name, { address: `192.0.2.${index + 1}`, user: 'deploy' }])),
    groups: { eu: { kind: 'cluster', members: ['web1', 'web2', 'web3'], balancers: ['lb1'] } },
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
