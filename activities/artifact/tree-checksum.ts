import { createHash } from 'node:crypto';
import { readdir, readFile, readlink, lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { ActivityError } from '../activity-error.ts';
import { mapLimited } from './map-limited.ts';

export interface TreeSummary {
  /** `sha256:` and 64 hexadecimal digits. */
  checksum: string;
  files: number;
  bytes: number;
  /** SHA-256 of each file's content, by relative path. */
  digests: Map<string, Buffer>;
}

interface Entry {
  path: string;
  type: 'f' | 'l' | 'd';
}

/**
 * The checksum of a folder's content: SHA-256 over one record for each entry, in the bytewise order of their
 * paths: `TYPE MODE PATH\0PAYLOAD\n`. The same as `playbooks/plugins/module_utils/musher_tree.py` computes on a server.
 *
 * @throws an entry is neither file, folder nor symbolic link.
 */
export async function summarizeTree(root: string): Promise<TreeSummary> {
  const entries = await entriesOf(root, '');
  entries.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const digests = new Map<string, Buffer>();
  let bytes = 0;
  const records = await mapLimited(entries, 16, async ({ path, type }) => {
    const full = join(root, path);
    if (type === 'd') return record('d', '-', path, '');
    if (type === 'l') return record('l', '-', path, await readlink(full, { encoding: 'buffer' }));
    const [stat, content] = await Promise.all([lstat(full), readFile(full)]);
    const digest = createHash('sha256').update(content).digest();
    digests.set(path, digest);
    bytes += content.length;
    return record('f', stat.mode & 0o100 ? 'x' : '-', path, digest.toString('hex'));
  });
  const whole = createHash('sha256');
  for (const part of records) whole.update(part);
  return { checksum: `sha256:${whole.digest('hex')}`, files: digests.size, bytes, digests };
}

const record = (type: string, mode: string, path: string, payload: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${type} ${mode} ${path}\0`), Buffer.from(payload as string), Buffer.from('\n')]);

async function entriesOf(root: string, folder: string): Promise<Entry[]> {
  const found = await readdir(join(root, folder), { withFileTypes: true });
  const nested = await Promise.all(
    found.map(async (entry): Promise<Entry[]> => {
      const path = folder ? `${folder}/${entry.name}` : entry.name;
      if (entry.isDirectory()) return [{ path, type: 'd' }, ...(await entriesOf(root, path))];
      if (entry.isSymbolicLink()) return [{ path, type: 'l' }];
      if (entry.isFile()) return [{ path, type: 'f' }];
      throw new ActivityError('source-failed', `${path} in the source is neither a file, a folder nor a symbolic link.`);
    }),
  );
  return nested.flat();
}
