import { execa } from 'execa';
import type { Lab } from '../../../lab/lab.ts';
import { sshOptions } from '../peers/ssh.ts';
import type { App } from './apps.ts';
import { DEFAULT_MOUNT, handMadeSite, MEMBER, STORAGE } from './places.ts';

const EXPORT = '/srv/default';

/** Exports a folder as Aegir's documentation does, and mounts it with no option at all. The NFS server and client are there already. */
export async function setUpByHand(lab: Lab, apps: readonly App[]): Promise<void> {
  const member = lab.host(MEMBER).address;
  const storage = lab.host(STORAGE).address;
  await shell(lab, STORAGE, `mkdir -p ${EXPORT}; echo '${EXPORT} ${member}(rw,no_root_squash,no_subtree_check)' > /etc/exports.d/by-hand.exports; exportfs -r`);
  const sites = apps.map(handMadeSite).join('');
  await shell(lab, MEMBER, `mkdir -p ${DEFAULT_MOUNT}; cat > /etc/nginx/conf.d/by-hand.conf; nginx -t; systemctl reload nginx; systemctl start php8.2-fpm`, sites);
  await mountByHand(lab, storage);
}

/** A reboot takes what is mounted and started by hand away. */
export async function mountByHand(lab: Lab, storage = lab.host(STORAGE).address): Promise<void> {
  await shell(lab, MEMBER, `mountpoint -q ${DEFAULT_MOUNT} || mount -t nfs4 ${storage}:${EXPORT} ${DEFAULT_MOUNT}; systemctl start php8.2-fpm`);
}

/** Puts a release beside the others and switches the link, both on the storage, and has PHP start anew. */
export async function deployByHand(lab: Lab, app: App, folder: string, release: string): Promise<void> {
  const to = `${EXPORT}/${app.name}`;
  await shell(lab, STORAGE, `mkdir -p ${to}/${release}`);
  const { address } = lab.host(STORAGE);
  const host = { name: STORAGE, address, user: lab.state.user, key: lab.key, knownHosts: lab.knownHosts };
  await execa('rsync', ['-a', '--rsh', ['ssh', ...sshOptions(host)].join(' '), '--rsync-path', 'sudo -n rsync', `${folder}/`, `${host.user}@${address}:${to}/${release}/`]);
  // What the application writes, it writes as the web user, as its own hand-made set-up would have it.
  await shell(lab, STORAGE, `chown -R www-data: ${to}/${release}/data; ln -sfn ${release} ${to}/.current; mv -T ${to}/.current ${to}/current`);
  await shell(lab, MEMBER, 'systemctl reload php8.2-fpm');
}

async function shell(lab: Lab, host: string, script: string, input?: string): Promise<void> {
  await lab.root(host, ['sh', '-euc', script], { timeout: 120_000, ...(input !== undefined && { input }) });
}
