import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const FILES = 5000;
const BYTES = 60_000_000;
const FOLDERS = 250;
/** Two of a hundred files differ between the versions. */
const CHANGED_EVERY = 50;

/**
 * Makes one of two versions of a tree of 5,000 files (60 MB), of which 2 % differ. Trees of different series have no file in common.
 * Every file of a version has that version's time stamp, as a fresh checkout has.
 */
export async function makeTree(folder: string, series: number, version: 1 | 2): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const checkedOut = new Date(Date.UTC(2026, 0, version));
  for (let n = 0; n < FILES; n++) {
    const file = join(folder, `web/modules/module-${n % FOLDERS}/src/part-${Math.floor(n / FOLDERS)}.php`);
    if (n < FOLDERS) await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content(n, series * 2 + (n % CHANGED_EVERY === 0 ? version : 1)));
    await utimes(file, checkedOut, checkedOut);
  }
}

/** Text that compresses about as well as code does. Sizes go from 2 to 22 kB and are the same for all versions. */
function content(n: number, version: number): string {
  const size = Math.round((BYTES / FILES) * (1 / 6 + (10 / 6) * ((n % 1000) / 999)));
  let seed = n * 7919 + version * 104_729 + 1;
  const words: string[] = [];
  for (let length = 0; length < size;) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const word = `${(seed >>> 8) % 3 ? '$value' : 'function'}_${(seed >>> 12).toString(36)}${seed % 7 ? ' ' : ';\n'}`;
    words.push(word);
    length += word.length;
  }
  return words.join('').slice(0, size);
}
