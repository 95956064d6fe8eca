import { copyFile, mkdir, realpath, writeFile } from 'node:fs/promises';
import { appendFileSync, chownSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

const ROOT = join(import.meta.dirname, '../..');
/** How this machine reaches its package registries, where that is said by variables. */
const REGISTRIES = /^(PIP_(?!CACHE)|npm_config_(?!cache|user|global|prefix|local)|SSL_CERT_|REQUESTS_CA_BUNDLE|NODE_EXTRA_CA_CERTS|((https?|no|all)_proxy$))/i;
/** Belongs to nobody on a Debian machine. */
export const ID = 64_207;

/** What is done as the user: in a mount namespace whose passwd file knows them, and where the folders that follow the first word are empty. */
const ENTER = `
mount --bind "$FOLDER/passwd" /etc/passwd
mount --bind "$FOLDER/group" /etc/group
for hidden in $HIDDEN; do mount -t tmpfs -o mode=755 none "$hidden"; done
cd "$PLACE"
exec setpriv --reuid=${ID} --regid=${ID} --clear-groups env -i "$@"`;

/** An unprivileged user with an empty home, on this machine but without the repository; gone with their folder. */
export class CleanUser {
  readonly home: string;
  readonly #folder: string;
  readonly #hidden: string[];

  private constructor(folder: string, hidden: string[]) {
    this.home = join(folder, 'home');
    this.#folder = folder;
    this.#hidden = hidden;
  }

  /** @param folder empty; everybody may pass through it. */
  static async make(folder: string): Promise<CleanUser> {
    // What is installed for the repository may lie elsewhere.
    const installed = await Promise.all(['node_modules', '.venv'].map(async (name) => dirname(await realpath(join(ROOT, name)))));
    const user = new CleanUser(folder, [...new Set([await realpath(ROOT), ...installed])]);
    await mkdir(user.home, { mode: 0o700 });
    chownSync(user.home, ID, ID);
    for (const [name, line] of [['passwd', `clean:x:${ID}:${ID}::${user.home}:/bin/sh`], ['group', `clean:x:${ID}:`]] as const) {
      await copyFile(join('/etc', name), join(folder, name));
      appendFileSync(join(folder, name), `${line}\n`);
    }
    return user;
  }

  /** Gives the user a file of their own, private to them. @returns its path. */
  async give(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.home, name);
    await writeFile(path, content, { mode: 0o600 });
    chownSync(path, ID, ID);
    return path;
  }

  /** Runs a command as the user, in `place` below their home, with nothing of this process's environment but how packages are reached. */
  async run(words: readonly string[], { place = '.', env = {}, timeout = 600_000 }: { place?: string; env?: Record<string, string>; timeout?: number } = {}) {
    const registries = Object.entries(process.env).filter(([name]) => REGISTRIES.test(name));
    const environment = { ...Object.fromEntries(registries), HOME: this.home, USER: 'clean', PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', ...env };
    const { exitCode = -1, stdout, stderr } = await execa(
      'unshare',
      ['--mount', 'sh', '-euc', ENTER, 'enter', ...Object.entries(environment).map(([name, value]) => `${name}=${value}`), ...words],
      { env: { PATH: process.env['PATH'], FOLDER: this.#folder, HIDDEN: this.#hidden.join(' '), PLACE: join(this.home, place) }, extendEnv: false, reject: false, stdin: 'ignore', timeout },
    );
    return { exitCode, stdout, stderr };
  }
}
