import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { unpackPackages } from './packages.ts';

const own = join(import.meta.dirname, 'files');

/** As DokuWiki's own striplangs does: its sixty languages are two thirds of its files. */
const languages = ['en', 'de', 'es', 'fr'];
/** What the handbook's code samples are written in. */
const highlighted = ['bash', 'css', 'diff', 'html5', 'ini', 'javascript', 'php', 'sql', 'xml', 'yaml'];

/** Links as they are: Node would make them absolute. */
const copy = (from: string, to: string): Promise<void> => cp(from, to, { recursive: true, verbatimSymlinks: true });

export interface ReleaseOptions {
  /** The source folder to make; it must not exist. */
  folder: string;
  /** What the pages call this version; a wiki page shows it in its footer. */
  version: string;
  /** Host names of members on which the load's pages answer 503. */
  unhealthyOn?: string[];
}

/**
 * Makes the source of a real PHP site: DokuWiki, out of Debian packages, and the pages that a load asks for.
 *
 * It runs from any folder: the document root is `public`, the configuration is in `conf`, and everything that is written
 * is below `data`, the one shared path. `store` is a folder of .deb files, see `unpackPackages`.
 */
export async function makeRelease(options: ReleaseOptions & { store: string }): Promise<void> {
  const { folder, store } = options;
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(folder);
  const debian = await mkdtemp(`${folder}.packages-`);
  try {
    await unpackPackages(store, debian);
    await assemble(debian, folder);
  } finally {
    await rm(debian, { recursive: true });
  }
  await makePages(options, folder);
  const color = options.version === '1' ? '#2b73b7' : '#8a3b12';
  await writeFile(join(folder, 'conf/userstyle.css'), `#dokuwiki__header { border-top: 0.4em solid ${color}; }\n`);
  await writeFile(
    join(folder, 'public/lib/tpl/dokuwiki/footer.html'),
    `<p class="release">Release ${options.version} of this handbook</p>\n`,
  );
  await writeFile(
    join(folder, 'data/pages/start.txt'),
    '====== The Musher Handbook ======\n\nEvery member of the team pulls the same way.\n',
  );
}

/** Makes a small source folder that holds the load's pages alone; its document root is `public`, its shared path `data`. */
export async function makeLoadPages(options: ReleaseOptions): Promise<void> {
  await mkdir(dirname(options.folder), { recursive: true });
  await mkdir(options.folder);
  for (const page of ['load.php', 'echo.php', 'slow.php']) await cp(join(own, 'public', page), join(options.folder, 'public', page));
  await makePages(options, options.folder);
}

async function makePages({ version, unhealthyOn = [] }: ReleaseOptions, folder: string): Promise<void> {
  await cp(join(own, 'answer.php'), join(folder, 'answer.php'));
  await mkdir(join(folder, 'data'), { recursive: true });
  await writeFile(join(folder, 'version.php'), `<?php return ${JSON.stringify(version)};\n`);
  // Seeds the shared path once. What a later release carries must never be seen.
  await writeFile(join(folder, 'data/shared.txt'), `shared text, seeded by version ${version}\n`);
  if (unhealthyOn.length) await writeFile(join(folder, 'unhealthy-on.txt'), `${unhealthyOn.join('\n')}\n`);
}

/** One tree out of the package's three (/usr/share, /etc, /var/lib), without the absolute links between them. */
async function assemble(debian: string, folder: string): Promise<void> {
  const wiki = join(debian, 'usr/share/dokuwiki');
  await stripLanguages(debian);
  for (const link of ['.htaccess', 'lib/plugins', 'lib/tpl']) await rm(join(wiki, link), { force: true });
  // The installer and the command line tools have no business on a web server.
  for (const unused of ['install.php', 'bin']) await rm(join(wiki, unused), { recursive: true });
  await rm(join(debian, 'usr/share/php/random_compat'), { force: true });
  for (const link of ['acl.auth.php', 'users.auth.php', '.htaccess']) await rm(join(debian, 'etc/dokuwiki', link), { force: true });
  await copy(wiki, join(folder, 'public'));
  await copy(join(debian, 'var/lib/dokuwiki/lib'), join(folder, 'public/lib'));
  await copy(join(debian, 'etc/dokuwiki'), join(folder, 'conf'));
  await copy(join(debian, 'var/lib/dokuwiki/data'), join(folder, 'data'));
  for (const library of ['php', 'php-geshi', 'javascript']) {
    await copy(join(debian, 'usr/share', library), join(folder, 'libraries', library));
  }
  await stripLibraries(join(folder, 'libraries'));
  await copy(own, folder);
  await keepEmptyFolders(join(folder, 'data'));
  for (const name of await readdir(join(folder, 'public'), { recursive: true })) {
    if (name.endsWith('.php')) await makeRelocatable(join(folder, 'public', name));
  }
  await execa('chmod', ['-R', 'u=rwX,go=rX', folder]);
}

async function stripLanguages(folder: string): Promise<void> {
  const folders = (await readdir(folder, { recursive: true })).filter((name) => basename(dirname(name)) === 'lang');
  for (const name of folders) if (!languages.includes(basename(name))) await rm(join(folder, name), { recursive: true });
}

/** What of the libraries no page asks for: highlighting of 250 other languages, and the parts of what jQuery UI also holds in one file. */
async function stripLibraries(folder: string): Promise<void> {
  const geshi = join(folder, 'php-geshi/geshi');
  for (const name of await readdir(geshi)) if (!highlighted.includes(basename(name, '.php'))) await rm(join(geshi, name));
  const parts = join(folder, 'javascript/jquery-ui/ui');
  for (const name of await readdir(parts)) if (name !== 'i18n') await rm(join(parts, name), { recursive: true });
  const dates = languages.map((language) => `datepicker-${language}.js`);
  for (const name of await readdir(join(parts, 'i18n'))) if (!dates.includes(name)) await rm(join(parts, 'i18n', name));
}

/** Git and some archives keep no empty folder; the wiki needs them. */
async function keepEmptyFolders(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(name.parentPath, name.name);
    if (name.isDirectory() && (await readdir(path)).length === 0) await writeFile(join(path, '_dummy'), '');
  }
}

/** Points what Debian patched to its shared libraries at the release's own copies. */
async function makeRelocatable(file: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  const moved = text.replaceAll(/(?:\$vendorDir \. )?'\/usr\/share\/(php|php-geshi|javascript)\//g, "\\DOKU_INC . '../libraries/$1/");
  if (moved !== text) await writeFile(file, moved);
}
