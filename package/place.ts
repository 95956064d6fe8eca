import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');
/** Where the code is compiled to. */
export const BUILD = join(ROOT, 'dist');
/** The lock file as packages carry it. */
export const SHRINKWRAP = join(ROOT, 'npm-shrinkwrap.json');
