import { mkdir, mkdtemp, open, readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Artifact } from '../../contract/artifact.ts';
import { removeTrees } from './remove-trees.ts';
import { summarizeTree } from './tree-checksum.ts';

/** Built releases that the store keeps in any case: what lies unused longest goes first. */
const KEPT = 10;
/** What was used since is kept as well: an operation that goes on may need it, and an upload may take four hours. */
const DAY_MS = 24 * 3600 * 1000;

/** What a rename to a folder that is there says. */
const THERE = ['ENOTEMPTY', 'EEXIST'];

const unless = (...codes: string[]) => (error: NodeJS.ErrnoException): void => {
  if (!codes.includes(error.code ?? '')) throw error;
};

/** The worker's artifacts: `<folder>/<hash>/tree`, with `artifact.json` beside it. */
export class ArtifactStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A new private folder to build in, on the same file system as the store. */
  async workspace(): Promise<string> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    return mkdtemp(join(this.#folder, '.build-'));
  }

  /**
   * Takes a built tree in, under its checksum. What is there already stays, for an upload may be reading it, unless it is
   * damaged: no upload of that would be let in.
   */
  async add(tree: string, artifact: Artifact): Promise<void> {
    if (!(await this.#isWhole(artifact.checksum))) await this.#put(tree, artifact);
    // What stays is no reason to fail what was built; the next one tries again.
    await this.#prune().catch(() => undefined);
  }

  /** The tree of an artifact; undefined when the store no longer has it. */
  async tree(checksum: string): Promise<string | undefined> {
    const home = this.#home(checksum);
    const present = await readFile(join(home, 'artifact.json')).then(
      () => true,
      () => false,
    );
    if (!present) return undefined;
    const now = new Date();
    await utimes(home, now, now);
    return join(home, 'tree');
  }

  /** What an activity noted under a name of its own, so that its next attempt need not do the work again. */
  async recall(name: string): Promise<Artifact | undefined> {
    try {
      const artifact = JSON.parse(await readFile(this.#note(name), 'utf8')) as Artifact;
      return (await this.tree(artifact.checksum)) ? artifact : undefined;
    } catch {
      return undefined;
    }
  }

  async note(name: string, artifact: Artifact): Promise<void> {
    await writeFile(this.#note(name), JSON.stringify(artifact), { mode: 0o600 });
  }

  async #isWhole(checksum: string): Promise<boolean> {
    const tree = await this.tree(checksum);
    return tree !== undefined && (await summarizeTree(tree).then((found) => found.checksum === checksum, () => false));
  }

  /** All of it is on the disk before it is visible: a power cut leaves the whole artifact, or none. */
  async #put(tree: string, artifact: Artifact): Promise<void> {
    const home = this.#home(artifact.checksum);
    const staged = await this.workspace();
    await rename(tree, join(staged, 'tree'));
    await writeFile(join(staged, 'artifact.json'), JSON.stringify(artifact), { mode: 0o600 });
    // One call for the whole file system: as many as there are files would take seconds.
    await execa('sync', ['--file-system', staged]);
    await rename(staged, home).catch(async (error: NodeJS.ErrnoException) => {
      unless(...THERE)(error);
      // Another build of the same may have been faster.
      if (!(await this.#isWhole(artifact.checksum))) await this.#replace(home, staged);
      await removeTrees([staged]);
    });
    const folder = await open(this.#folder);
    await folder.sync().finally(() => folder.close());
  }

  async #replace(damaged: string, whole: string): Promise<void> {
    const aside = await this.workspace();
    // Here, too, another may be faster; whichever is last, a whole one is there.
    await rename(damaged, join(aside, 'damaged')).catch(unless('ENOENT'));
    await rename(whole, damaged).catch(unless(...THERE));
    await removeTrees([aside]);
  }

  #home(checksum: string): string {
    return join(this.#folder, checksum.replace(':', '-'));
  }

  #note(name: string): string {
    return join(this.#folder, `.note-${name.replace(/[^0-9A-Za-z-]/g, '-')}.json`);
  }

  async #prune(): Promise<void> {
    const dated = await Promise.all(
      (await readdir(this.#folder)).map(async (name) => ({ name, time: (await stat(join(this.#folder, name)).catch(() => undefined))?.mtimeMs ?? 0 })),
    );
    const artifacts = dated.filter(({ name }) => name.startsWith('sha256-')).sort((a, b) => b.time - a.time);
    const leftovers = dated.filter(({ name }) => name.startsWith('.'));
    const unused = [...artifacts.slice(KEPT), ...leftovers].filter(({ time }) => time < Date.now() - DAY_MS);
    await removeTrees(unused.map(({ name }) => join(this.#folder, name)));
  }
}
