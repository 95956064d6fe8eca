import type { Lab } from '../../../lab/lab.ts';
import type { Target } from '../../../lab/load/ask-page.ts';
import type { App } from './apps.ts';

/**
 * How code reaches PHP: from the member's disk, over NFS as Debian and Aegir have it, over NFS as Musher provisions it. Shared files are where code is;
 * with `local-code` they are on NFS as with `nfs-provisioned`, so that nothing but code tells these two apart.
 */
export const SETTINGS = ['local', 'local-code', 'nfs-default', 'nfs-provisioned'] as const;
export type Setting = (typeof SETTINGS)[number];

export const MEMBER = 'web1';
export const STORAGE = 'nfs1';
export const DEFAULT_MOUNT = '/mnt/default';
const DEFAULT_PORTS: Record<App['name'], number> = { wiki: 8081, classes: 8082 };
/** Environments of Musher, by setting. */
const ENVIRONMENT = { local: 'disk', 'local-code': 'files', 'nfs-provisioned': 'pack' } as const;
/** A setting that Musher makes. */
export type OwnSetting = keyof typeof ENVIRONMENT;

/** One application in one setting on the member. */
export interface Place {
  app: App;
  setting: Setting;
  target: Target;
  /** The mount point of its code; undefined on the member's disk. */
  mountPoint: string | undefined;
  /** The unit of its PHP. */
  unit: string;
  /** `wiki/pack`; undefined where no Musher keeps it. */
  subject: string | undefined;
}

export const domainOf = (app: App, setting: OwnSetting): string => `${app.name}.${ENVIRONMENT[setting]}.example.net`;

export function placeOf(lab: Lab, app: App, setting: Setting): Place {
  const { address } = lab.host(MEMBER);
  const { page, holds } = app;
  if (setting === 'nfs-default') {
    const target = { address, port: DEFAULT_PORTS[app.name], host: 'default.example.net', page, holds };
    return { app, setting, target, mountPoint: DEFAULT_MOUNT, unit: 'php8.2-fpm.service', subject: undefined };
  }
  const environment = ENVIRONMENT[setting];
  return {
    app,
    setting,
    target: { address, port: 80, host: domainOf(app, setting), page, holds },
    mountPoint: setting !== 'nfs-provisioned' ? undefined : `/var/aegir/projects/${app.name}/${environment}/releases`,
    unit: `musher-php@${app.name}--${environment}.service`,
    subject: `${app.name}/${environment}`,
  };
}

/** The site of an application as somebody makes it by hand: Debian's PHP-FPM and its defaults, nginx as its own documentation has it. */
export const handMadeSite = (app: App): string => `
server {
  listen ${DEFAULT_PORTS[app.name]};
  root ${DEFAULT_MOUNT}/${app.name}/current/public;
  index index.php;
  location / { try_files $uri $uri/ =404; }
  location ~ \\.php$ { include snippets/fastcgi-php.conf; fastcgi_pass unix:/run/php/php8.2-fpm.sock; }
}
`;
