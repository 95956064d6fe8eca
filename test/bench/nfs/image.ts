import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Lab } from '../../../lab/lab.ts';
import { askOnce } from '../../../lab/load/ask-page.ts';
import { sshOptions } from '../peers/ssh.ts';
import { folderOf, IMAGE_MOUNT, MEMBER, STORAGE, type ImageKind, type Place } from './places.ts';

const EXPORT = '/srv/images';
/** As Musher mounts code (playbooks/roles/files/defaults/main.yml). */
const OPTIONS = 'ro,nosuid,nodev,noatime,vers=3,proto=tcp,port=2049,mountvers=3,mountproto=tcp,mountport=20048,nolock,hard,nocto,actimeo=86400,softreval,timeo=30,retrans=2';
/** What Musher asks of a member before it serves. */
const WARMING = 3;

/** Makes an image of the release that a place serves, and mounts it in that release's stead: the paths, nginx and PHP stay as they are. */
export async function serveFromImage(lab: Lab, place: Place, work: string): Promise<void> {
  const kind = place.setting as ImageKind;
  const folder = folderOf(place.app, kind);
  const { stdout: current } = await lab.root(MEMBER, ['readlink', '-f', `/var/lib/musher/current/${place.subject}`]);
  const release = current.trim();
  const [tree, image] = [join(work, 'tree'), join(work, `${release.split('/').at(-1)}.${kind}`)];
  await rm(tree, { recursive: true, force: true });
  await mkdir(tree);
  await transfer(lab, MEMBER, [`${at(lab, MEMBER)}:${release}/`, `${tree}/`]);
  // Owners stay: nginx follows a shared path's link by whose it is.
  if (kind === 'squashfs') await execa('mksquashfs', [tree, image, '-comp', 'zstd', '-no-progress', '-quiet']);
  else await execa('mkfs.erofs', ['-zlz4', image, tree]);
  const name = `${place.app.name}-${image.split('/').at(-1)}`;
  await transfer(lab, STORAGE, ['--chmod=F644', image, `${at(lab, STORAGE)}:${EXPORT}/${name}`]);
  await rm(image);
  await shell(
    lab,
    MEMBER,
    // Read whole before anybody serves from it, as the step "see" reads a release.
    `for old in $(findmnt -n -o TARGET -t ${kind} | grep '^${folder}/' || true); do umount -l "$old"; done
     cat ${IMAGE_MOUNT}/${name} >/dev/null
     mount -t ${kind} -o ro,loop,nosuid,nodev ${IMAGE_MOUNT}/${name} ${release}
     systemctl reload ${place.unit}`,
  );
  for (let asked = 0; asked < WARMING; asked++) await askOnce(place.target);
  await assertServed(lab, place);
}

/** @throws where the image is not mounted any more: the disk below it would be measured. */
export async function assertServed(lab: Lab, { setting, subject }: Place): Promise<void> {
  const { stdout } = await lab.root(MEMBER, ['sh', '-euc', `findmnt -n -o FSTYPE --target "$(readlink -f /var/lib/musher/current/${subject})"`]);
  if (stdout.trim() !== setting) throw new Error(`${subject} is on ${stdout.trim()}, not on ${setting}`);
}

export async function exportImages(lab: Lab): Promise<void> {
  await execa(join(import.meta.dirname, '../../../lab/ensure-packages'), ['squashfs-tools:mksquashfs', 'erofs-utils:mkfs.erofs'], { stdout: 'ignore' });
  await shell(lab, STORAGE, `mkdir -p ${EXPORT}; echo '${EXPORT} ${lab.host(MEMBER).address}(ro,root_squash,no_subtree_check,sync)' > /etc/exports.d/images.exports; exportfs -r`);
  await mountImages(lab);
}

/** A reboot takes what is mounted by hand away, images too: the release on disk is below. */
export async function mountImages(lab: Lab): Promise<void> {
  await shell(lab, MEMBER, `mkdir -p ${IMAGE_MOUNT}; modprobe -a loop squashfs erofs; mountpoint -q ${IMAGE_MOUNT} || mount -t nfs -o ${OPTIONS} ${lab.host(STORAGE).address}:${EXPORT} ${IMAGE_MOUNT}`);
}

const at = (lab: Lab, host: string): string => `${lab.state.user}@${lab.host(host).address}`;

async function transfer(lab: Lab, name: string, words: string[]): Promise<void> {
  const host = { name, address: lab.host(name).address, user: lab.state.user, key: lab.key, knownHosts: lab.knownHosts };
  await execa('rsync', ['-a', '--numeric-ids', '--rsh', ['ssh', ...sshOptions(host)].join(' '), '--rsync-path', 'sudo -n rsync', ...words]);
}

async function shell(lab: Lab, host: string, script: string): Promise<void> {
  await lab.root(host, ['sh', '-euc', script], { timeout: 120_000 });
}
