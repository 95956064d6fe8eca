import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { equippedOf, heavyOf, isEquipped } from './equipped-image.ts';
import { checkHome, paths } from './home.ts';
import { isolated } from './isolated.ts';
import { withLock } from './lock.ts';
import { makeHome } from './make-home.ts';
import { releaseOf, usualRelease, type Release } from './releases.ts';
import { labNames, loadState } from './state.ts';
import { diskSize, kernelRelease, umlImageOf } from './uml-image.ts';

const here = import.meta.dirname;
/** Of each release. */
const imagesKept = 3;

/** In every host from the beginning: what any Debian server has, and no more, so that playbooks must install what they need. */
const base = 'systemd systemd-sysv dbus openssh-server python3 python3-apt rsync iproute2 sudo kmod procps util-linux'.split(' ');

/** In the hosts' own APT repository, with what they depend on. */
const installable = ['haproxy', 'acl', 'curl', 'git', 'unzip', 'ca-certificates', 'nfs-common', 'netbase', 'nfs-kernel-server', 'squashfs-tools'];
const installableOf = (release: Release): string[] => [...installable, ...heavyOf(release)];

/** Kept as files only, in the lab's `packages/`: an application to deploy, with its libraries. */
const keptAsFiles = ['dokuwiki', 'php-geshi', 'php-phpseclib', 'libphp-simplepie', 'libjs-jquery', 'libjs-jquery-ui'];
const keptOf = (release: Release): string[] => (release === usualRelease ? keptAsFiles : []);

/** What the lab needs on the machine itself, as `lab/ensure-packages` reads it. */
const machine = 'debootstrap systemd-container:systemd-nspawn iproute2:ip rsync openssh-client:ssh util-linux:nsenter mount procps:sysctl'.split(' ');

/**
 * The folder of the file system that hosts of a release start from, built when it is missing (two minutes) or when what it is made from has changed.
 * Several builders wait for the one that builds; a build that died half-way is done anew.
 */
export async function ensureImage(release: Release = usualRelease, say: (line: string) => void = () => {}): Promise<string> {
  checkHome();
  await execa(join(here, 'ensure-packages'), machine, { stdout: 'ignore' });
  await makeHome();
  const image = join(paths.images, `${release}-${await stamp(release)}`);
  if (!existsSync(image)) {
    await withLock(`image-${release}`, async () => {
      if (existsSync(image)) return;
      await build(release, image, say);
      await prune(release);
    });
  }
  const now = new Date();
  await utimes(image, now, now);
  return image;
}

/** Drops images of a release that no lab uses, but for the newest: clones of other versions share this folder. */
async function prune(release: Release): Promise<void> {
  const states = await Promise.all((await labNames()).map((name) => loadState(name)));
  const used = states.flatMap((state) => Object.values(state?.hosts ?? {}).map(({ image }) => image));
  const images = (await readdir(paths.images)).map((name) => join(paths.images, name)).filter((image) => releaseOf(image) === release && !isEquipped(image));
  const dated = await Promise.all(images.map(async (image) => ({ image, used: (await stat(image)).mtimeMs })));
  const old = dated.sort((a, b) => b.used - a.used).slice(imagesKept);
  for (const { image } of old.filter((one) => !used.includes(one.image) && !used.includes(equippedOf(one.image)))) {
    await drop(umlImageOf(image));
    await drop(equippedOf(image));
    await drop(image);
  }
}

/** Takes an image away, under another name first, so that no half of it is taken for one; no harm when there is none. */
async function drop(image: string): Promise<void> {
  if (!existsSync(image)) return;
  await rename(image, `${image}.dropped`);
  await rm(`${image}.dropped`, { recursive: true });
}

/** A hash of everything the image is made from. */
async function stamp(release: Release): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([release, base, installableOf(release), keptOf(release), diskSize, kernelRelease]));
  const folder = join(here, 'image');
  for (const entry of (await readdir(folder, { recursive: true })).sort()) {
    const path = join(folder, entry);
    const { mode } = await stat(path);
    hash.update(`${entry}\0${mode & 0o100}\0`);
    if ((await stat(path)).isFile()) hash.update(await readFile(path));
  }
  return hash.digest('hex').slice(0, 16);
}

async function build(release: Release, image: string, say: (line: string) => void): Promise<void> {
  const tree = `${image}.partial`;
  await rm(tree, { recursive: true, force: true, maxRetries: 5 });
  await mkdir(tree, { recursive: true });
  say(`Building the hosts' file system, Debian ${release} (about two minutes, once)…`);
  const options = ['--variant=minbase', `--cache-dir=${paths.downloads}`, `--include=${base.join(',')}`];
  await isolated('debootstrap', ...options, release, tree);
  say('Adding the packages that playbooks install…');
  await cp(join(here, 'image', 'files'), tree, { recursive: true });
  await cp('/etc/resolv.conf', join(tree, 'etc/resolv.conf'), { dereference: true });
  await cp(join(here, 'image', 'setup.sh'), join(tree, 'root/setup.sh'));
  await isolated('sh', '-ec', 'mount -t proc proc "$0/proc"; exec chroot "$0" sh /root/setup.sh "$@"', tree, installableOf(release).join(' '), keptOf(release).join(' '), kernelRelease);
  await rm(join(tree, 'root/setup.sh'));
  for (const file of await readdir(join(tree, 'var/local/packages'))) {
    await cp(join(tree, 'var/local/packages', file), join(paths.packages, file));
  }
  await rm(join(tree, 'var/local/packages'), { recursive: true });
  await rename(tree, image);
}
