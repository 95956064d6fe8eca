import { readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';

/** `.ts` where the code runs as it is written, `.js` in the package, where it was compiled: Node strips no types below `node_modules`. */
const EXTENSION = extname(import.meta.filename);

/** The folder of the rooms. */
export const CODE = join(import.meta.dirname, '../..');

/** The folder of what is not compiled: the playbooks, the documents, the lock files. The package has its code in a folder of it. */
export const PACKAGE = EXTENSION === '.ts' ? CODE : dirname(CODE);

/** The file of a program of Musher's, which Node runs. @param name `worker/main` */
export const program = (name: string): string => join(CODE, `${name}${EXTENSION}`);

/** Musher's version. */
export const version = (): string => (JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { version: string }).version;
