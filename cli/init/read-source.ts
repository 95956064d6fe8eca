import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { localPath } from '../../spec/normalise.ts';
import { checkGitUrl } from '../../spec/text/git.ts';
import { checkArchive, checkLocalPath } from '../../spec/text/path.ts';
import type { NewSource, Read } from './answers.ts';

/** A repository, an archive or a folder: told by how it is written. @param folder what relative paths are seen from. */
export function readSource(text: string, folder: string): Read<NewSource> {
  if (/^[a-z][a-z0-9+.-]*:\/\/|^[^/@\s]+@[^/:\s]+:/i.test(text)) {
    const problem = checkGitUrl(text);
    return problem ? { problem } : { value: { git: text } };
  }
  const problem = checkLocalPath(text);
  if (problem) return { problem };
  if (checkArchive(text)) return { value: { directory: text } };
  try {
    return { value: { archive: text, sha256: createHash('sha256').update(readFileSync(localPath(text, folder))).digest('hex') } };
  } catch (error) {
    return { problem: { message: `its checksum is needed, and ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : 'it cannot be read'}`, suggestion: 'name an archive that is there' } };
  }
}
