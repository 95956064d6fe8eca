import type { Lab } from '../../../lab/lab.ts';
import type { Target } from '../../../lab/load/ask-page.ts';
import type { App } from './apps.ts';

/**
 * How code reaches PHP: from the member's disk, over NFS as Debian and Aegir have it, over NFS as Musher provisions a pack, and as it does with
 * `code: image`. Shared files are where code is; with `local-code` they are on NFS as with the last two, so that nothing but code tells these three apart.
 */
export const SETTINGS = ['local', 'local-code', 'nfs-default', 'nfs-provisioned', 'nfs-image'] as const;
export type Setting = (typeof SETTINGS)[number];

export const MEMBER = 'web1';
export const STORAGE = 'nfs1';
export const DEFAULT_MOUNT = '/mnt/default';
const DEFAULT_PORTS: Record<App['name'], number> = { wiki: 8081, classes: 8082 };
/** Environments of Musher, by setting. */
const ENVIRONMENT = { local: 'disk', 'local-code': 'files', 'nfs-provisioned': 'pack', 'nfs-image': 'image' } as const;
/** A setting that Musher makes. */
export type OwnSetting = keyof typeof ENVIRONMENT;

/** One application in one setting on the member. */
export interface Place {
  app: App;
  setting: Setting;
  target: Target;
  /** The NFS mount points of its code (none on the member's disk), and of its shared files where those are another mount's. */
  codeMount: string | undefined;
  filesMount: string | undefined;
  /** The unit of its PHP. */
  unit: string;
  /** `wiki/pack`; undefined where no Musher keeps it. */
  subject: string | undefined;
}

/** An environment's folder on the member. */
export const folderOf = (app: App, setting: OwnSetting): string => `/var/aegir/projects/${app.name}/${ENVIRONMENT[setting]}`;

export const environmentOf = (setting: OwnSetting): string => ENVIRONMENT[setting];

export const domainOf = (app: App, setting: OwnSetting): string => `${app.name}.${ENVIRONMENT[setting]}.example.net`;

export function placeOf(lab: Lab, app: App, setting: Setting): Place {
  const { address } = lab.host(MEMBER);
  const { page, holds } = app;
  if (setting === 'nfs-default') {
    const target = { address, port: DEFAULT_PORTS[app.name], host: 'default.example.net', page, holds };
    return { app, setting, target, codeMount: DEFAULT_MOUNT, filesMount: undefined, unit: 'php8.2-fpm.service', subject: undefined };
  }
  const environment = ENVIRONMENT[setting];
  return {
    app,
    setting,
    target: { address, port: 80, host: domainOf(app, setting), page, holds },
    codeMount: setting === 'nfs-provisioned' || setting === 'nfs-image' ? `${folderOf(app, setting)}/releases` : undefined,
    filesMount: setting === 'local' ? undefined : `${folderOf(app, setting)}/shared`,
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
