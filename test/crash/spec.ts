import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ENVIRONMENTS, type Site } from '../lab/site.ts';
import type { Row } from './rows.ts';

export const SUBJECT = 'shop/live';
export const GROUP = 'eu';
export const ROOT = '/var/aegir/projects';
/** Where a pack's storage keeps what it exports. */
export const EXPORT = '/srv/packs';
/** Seconds that the `once` hook takes after it has left its mark. */
const HOOK_SECONDS = 3;

/** What a row changes of the usual spec. A provision has something to do because `variant` is another one each time. */
export interface Settings {
  variant: number;
  tolerate: 0 | 1;
  patience: number;
  /** Whether a person is asked about what fails. */
  asks?: boolean;
}

export const settingsOf = ({ tolerate, patience, answers }: Row, variant: number): Settings => ({ variant, tolerate, patience, asks: answers !== undefined });

/**
 * Writes musher.yml. `shop/live` is what the load asks for; `shop/test`, which is never deployed, has a certificate whose key is the secret that must be found nowhere.
 * So must be what the build reads.
 */
export async function writeSpec(site: Site, { variant, tolerate, patience, asks = false }: Settings): Promise<void> {
  const { storage } = site;
  const names = [...site.balancers, ...site.members, ...(storage === undefined ? [] : [storage])];
  const secrets = join(site.folder, 'secrets');
  const spec = {
    version: 1,
    servers: Object.fromEntries(names.map((name) => [name, { address: site.lab.host(name).address, user: site.lab.state.user, key: site.lab.key }])) as object,
    groups: {
      [GROUP]: {
        kind: storage === undefined ? 'cluster' : 'pack',
        members: site.members,
        balancers: site.balancers,
        ...(storage !== undefined && { storage: { server: storage, export: EXPORT } }),
      },
    },
    projects: {
      shop: {
        app: 'php',
        source: { directory: 'shop' },
        build: `sha256sum <'${join(secrets, 'build')}' >built-with`,
        docroot: 'public',
        shared: ['data'],
        hooks: { once: [`echo "$MUSHER_RELEASE" >>data/hook-ran && sleep ${HOOK_SECONDS}`] },
        environments: {
          live: {
            group: GROUP,
            domains: [ENVIRONMENTS[0]!.host, `variant-${variant}.example.net`],
            health: { path: '/load.php' },
            workers: 6 + (variant % 3),
            keep: 2,
            drain_timeout: 30,
            retry_timeout: patience,
            tolerate,
            // Nobody may be waited for longer than the row.
            ...(asks && { on_failure: { pause: '5m', then: 'rollback' } }),
          },
          test: { group: GROUP, domains: [ENVIRONMENTS[1]!.host], workers: 2, tls: { certificate: { file: join(secrets, 'certificate.pem') } } },
        },
      },
    },
  };
  await writeFile(join(site.folder, 'musher.yml'), stringify(spec));
}
