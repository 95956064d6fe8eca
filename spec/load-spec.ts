import { readFile, stat } from 'node:fs/promises';
import { LARGEST_SPEC, tooLarge } from './decode.ts';
import { parseSpec, wholeFile, type SpecResult } from './parse-spec.ts';

/** `unread`: it is not what the file says that is wrong. */
type LoadResult = SpecResult & { unread?: true };

/** Reads and parses a file; a file that cannot be read is an error of the spec like any other. */
export async function loadSpec(path: string): Promise<LoadResult> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return { errors: [wholeFile(path, { message: 'is not a file', suggestion: 'name a musher.yml' })], unread: true };
    if (found.size > LARGEST_SPEC) return { errors: [wholeFile(path, tooLarge(found.size))] };
    return parseSpec(await readFile(path), path);
  } catch (error) {
    return { errors: [wholeFile(path, explain(error as NodeJS.ErrnoException))], unread: true };
  }
}

function explain({ code, message }: NodeJS.ErrnoException) {
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return { message: 'there is no such file', suggestion: 'write one with "musher init", or name another' };
  if (code === 'EACCES') return { message: 'may not be read', suggestion: 'look at its permissions' };
  return { message: `cannot be read: ${message}` };
}
