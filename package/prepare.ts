import { copyFileSync, cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { BUILD, ROOT, SHRINKWRAP } from './place.ts';

// `npm pack` runs this first: the code compiled into dist/, with the files that lie beside it, and the versions that it was tested with.

/** The rooms that hold more than TypeScript. */
const WITH_FILES = ['activities'];

rmSync(BUILD, { recursive: true, force: true });
await execa('tsc', ['--project', join(ROOT, 'tsconfig.build.json')], { cwd: ROOT, preferLocal: true, localDir: ROOT, stdio: 'inherit' });
const isNoCode = (path: string): boolean => !path.endsWith('.ts') && !path.endsWith('__pycache__');
for (const room of WITH_FILES) cpSync(join(ROOT, room), join(BUILD, room), { recursive: true, filter: isNoCode });
// Last, for nothing may fail after it: npm would go on taking it for the repository's lock file.
copyFileSync(join(ROOT, 'package-lock.json'), SHRINKWRAP);
