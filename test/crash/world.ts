import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { unmountBelow } from '../../lab/mounts.ts';
import type { OperationResult } from '../../contract/result.ts';
import { Site } from '../lab/site.ts';
import type { DriverName } from './fault-table.ts';
import { HOSTS } from './rows.ts';
import { writeSpec, type Settings } from './spec.ts';
import { Temporal, type Started } from './temporal.ts';

/** What the worker's own disk holds, in MiB; it is filled by a fault. */
const HOME_SIZE = 700;
/** Files that are new in each release, and their size in bytes: something to be in the middle of. */
const NEW_FILES = [20, 50_000] as const;
const PATIENT: Settings = { variant: 0, tolerate: 0, patience: 120 };

/** Hosts, and a Musher of its own that drives them: what the rows are done to. It is kept over rows, until one leaves it damaged. */
export class World {
  readonly driver: DriverName;
  readonly site: Site;
  readonly temporal: Temporal;
  /** What must be found nowhere: a line of the certificate's key, and what the build reads. */
  readonly canaries: string[] = [];
  /** What a release of each version must hold. */
  readonly manifests = new Map<string, string>();
  /** Rows that were done to it. */
  rows = 0;
  /** Whether the last operation left a release to go back to. */
  canGoBack = true;
  /** The variant of the spec that the last provision brought about; undefined where it did not end well. */
  applied: number | undefined = 0;
  readonly #usual = new Map<string, number>();
  #version = 0;
  #variant = 0;

  private constructor(driver: DriverName, site: Site) {
    this.driver = driver;
    this.site = site;
    this.temporal = new Temporal(site);
  }

  /** Bare servers become a site that serves its second release. @throws where that fails, with nothing left. */
  static async start(driver: DriverName): Promise<World> {
    const { members, balancer, storage } = HOSTS[driver];
    const site = await Site.start({ name: 'crash', members: [...members], balancers: [balancer], ...(storage && { storage }) });
    const world = new World(driver, site);
    try {
      await world.#prepare();
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  async #prepare(): Promise<void> {
    const { site } = this;
    // A disk of its own, which a fault may fill.
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${HOME_SIZE}m,mode=700,nosuid,nodev`, 'tmpfs', site.home]);
    await copyFile(site.lab.knownHosts, join(site.home, 'known_hosts'));
    // An edit of the code meanwhile would replace the worker.
    await site.copyMusher();
    await this.#makeSecrets();
    await this.newSource();
    await writeSpec(site, PATIENT);
    for (const words of [['provision', 'eu'], ['deploy', 'shop/live'], ['deploy', 'shop/live']]) this.learn(await this.mustDo(...words));
  }

  async #makeSecrets(): Promise<void> {
    const folder = join(this.site.folder, 'secrets');
    await mkdir(folder, { mode: 0o700 });
    const at = (name: string): string => join(folder, name);
    await execa('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=test.shop.example.net', '-keyout', at('key.pem'), '-out', at('cert.pem')]);
    const key = await readFile(at('key.pem'), 'utf8');
    await writeFile(at('certificate.pem'), (await readFile(at('cert.pem'), 'utf8')) + key, { mode: 0o600 });
    const forBuild = randomBytes(24).toString('hex');
    await writeFile(at('build'), forBuild, { mode: 0o600 });
    this.canaries.push(key.split('\n')[7]!, forBuild);
    await writeFile(at('canaries'), `${this.canaries.join('\n')}\n`, { mode: 0o600 });
  }

  /** Another version of the code, not healthy on some members; returns what its pages call it. */
  async newSource(unhealthyOn: string[] = []): Promise<string> {
    const version = String(++this.#version);
    await this.site.source({ version, unhealthyOn }, async (folder) => {
      const [count, size] = NEW_FILES;
      for (let index = 0; index < count; index++) await writeFile(join(folder, `blob-${index}`), randomBytes(size));
    });
    this.manifests.set(version, await manifestOf(join(this.site.folder, 'shop')));
    return version;
  }

  /** Settings that no provision has brought about yet. */
  nextVariant(): number {
    return ++this.#variant;
  }

  /** The one that hosts have, or are on their way to. */
  get variant(): number {
    return this.#variant;
  }

  /** Starts an operation and lets go of it. */
  async begin(...words: string[]): Promise<Started> {
    const { stdout, stderr } = await this.site.musher(...words, '--detach', '--json');
    const line = stdout.split('\n').find((text) => text.includes('"started"'));
    if (line === undefined) throw new Error(`musher ${words.join(' ')} started nothing: ${stdout}${stderr}`);
    const { workflowId, runId } = JSON.parse(line) as Started;
    return { workflowId, runId };
  }

  /** An operation to which nothing is done. @throws it was not done. */
  async mustDo(...words: string[]): Promise<OperationResult> {
    const { exitCode, result } = await this.site.follow(...words);
    if (exitCode !== 0) throw new Error(`musher ${words.join(' ')} was not done: ${result.message}`);
    return result;
  }

  /** Remembers how long steps take when nothing is done to them. */
  learn({ steps }: OperationResult): void {
    for (const { name, startedAt, endedAt } of steps) if (startedAt !== undefined && endedAt !== undefined) this.#usual.set(name, (endedAt - startedAt) / 1000);
  }

  /** Seconds that a step usually takes. */
  usual(step: string): number {
    return this.#usual.get(step) ?? 3;
  }

  async stop(): Promise<void> {
    await this.temporal.close();
    // A worker that is frozen would not heed its end.
    await this.site.musher('service', 'stop');
    await unmountBelow(this.site.home);
    await this.site.stop();
  }
}

/** As look.py does it on the hosts. */
async function manifestOf(folder: string): Promise<string> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const lines = await Promise.all(
    found
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .filter((path) => !path.startsWith('data/'))
      .map(async (path) => `${path} ${createHash('sha256').update(await readFile(join(folder, path))).digest('hex')}\n`),
  );
  // Bytewise, as Python sorts what is ASCII.
  return createHash('sha256').update(lines.sort((a, b) => (a < b ? -1 : 1)).join('')).digest('hex');
}

