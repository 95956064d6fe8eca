import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { loadSpec } from '../spec/load-spec.ts';
import { SPEC_NAME } from '../spec/spec-name.ts';
import type { Spec } from '../spec/spec.ts';
import { CommandError } from './command-error.ts';
import { ExitCode } from './exit-code.ts';

/** The spec that is meant: the named file, else `musher.yml` in this folder or the nearest above; undefined where there is none. */
export function findSpec(file?: string): string | undefined {
  if (file !== undefined) return file;
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, SPEC_NAME))) return relative(process.cwd(), join(folder, SPEC_NAME));
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * Finds and reads the spec.
 *
 * @throws {CommandError} there is none, or it has errors: all of them.
 */
export async function readSpec(file?: string): Promise<{ spec: Spec; path: string }> {
  const path = findSpec(file);
  if (path === undefined) throw new CommandError(`There is no ${SPEC_NAME} here, nor in a folder above. Write one with "musher init", or name it with --file.`);
  if (path === '') throw new CommandError('--file names no file: say which, or leave it out.');
  const result = await loadSpec(path);
  if ('spec' in result) return { spec: result.spec, path };
  if (result.unread) throw new CommandError(`${path} could not be read: name the right file with --file.`, ExitCode.refused, result.errors);
  const count = result.errors.length;
  throw new CommandError(`${path} has ${count === 1 ? 'an error' : `${count} errors`}. Mend ${count === 1 ? 'it' : 'them'}, then see with "musher check".`, ExitCode.refused, result.errors);
}
