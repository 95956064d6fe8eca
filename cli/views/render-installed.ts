import type { InstalledService } from '../../client/local/units/install.ts';

/** What `musher service install` has done, for a person. */
export function renderInstalled({ systemd, keys, environmentFile }: InstalledService): string {
  const usable = keys.filter(({ opens }) => opens).map(({ path }) => path);
  const locked = keys.filter(({ opens }) => !opens).map(({ path }) => path);
  return [
    `Installed: the ${systemd.scope} units ${systemd.server} and ${systemd.worker}. They run from boot to shutdown, whoever is logged in.`,
    'They have no SSH agent. Servers are opened with the "key" that the spec names for them, else with:',
    ...usable.map((path) => `  ${path}`),
    ...(usable.length === 0 ? ['  no key: there is none here that opens without a passphrase. Make one with "ssh-keygen -t ed25519", or name one in the spec.'] : []),
    ...(locked.length > 0 ? [`Not used, for nobody can type the passphrase: ${locked.join(', ')}.`] : []),
    `Variables that "build" and git need, such as credentials, go into ${environmentFile}, one NAME=value a line; then "musher service stop" and "musher service start".`,
  ].join('\n');
}
