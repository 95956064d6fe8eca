import { createHash } from 'node:crypto';
import { createReadStream, lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ActivityError } from '../activity-error.ts';
import { inBursts } from './in-bursts.ts';

/** Bytes above which a file is not read at once. */
const LARGE = 1 << 20;

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

/** An entry as a folder lists it. */
interface Listed {
  path: string;
  name: string;
  isDirectory: boolean;
}

/**
 * The checksum of a folder's content: SHA-256 over one record for each entry, in the bytewise order of their
 * paths: `TYPE MODE PATH\0PAYLOAD\n`. The same as `playbooks/plugins/module_utils/musher_tree.py` computes on a server.
 *
 * @param isLeftOut what does not count, with all that is in it.
 * @throws an entry is neither file, folder nor symbolic link.
 */
export async function summarizeTree(root: string, isLeftOut: (entry: Listed) => boolean = () => false): Promise<TreeSummary> {
  const entries = await entriesOf(root, '', isLeftOut);
  entries.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const digests = new Map<string, Buffer>();
  let bytes = 0;
  const recordOfFile = (path: string, { mode, size }: Stats, digest: Buffer): Buffer => {
    digests.set(path, digest);
    bytes += size;
    return record('f', mode & 0o100 ? 'x' : '-', path, digest.toString('hex'));
  };
  const records = await inBursts(entries, ({ path, type }) => {
    const full = join(root, path);
    if (type === 'd') return record('d', '-', path, '');
    if (type === 'l') return record('l', '-', path, readlinkSync(full, { encoding: 'buffer' }));
    const stat = lstatSync(full);
    if (stat.size > LARGE) return digestOf(full).then((digest) => recordOfFile(path, stat, digest));
    return recordOfFile(path, stat, createHash('sha256').update(readFileSync(full)).digest());
  });
  const whole = createHash('sha256');
  for (const part of records) whole.update(part);
  return { checksum: `sha256:${whole.digest('hex')}`, files: digests.size, bytes, digests };
}

async function digestOf(file: string): Promise<Buffer> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest();
}

const record = (type: string, mode: string, path: string, payload: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${type} ${mode} ${path}\0`), Buffer.from(payload as string), Buffer.from('\n')]);

async function entriesOf(root: string, folder: string, isLeftOut: (entry: Listed) => boolean): Promise<Entry[]> {
  const found = await readdir(join(root, folder), { withFileTypes: true });
  const nested = await Promise.all(
    found.map(async (entry): Promise<Entry[]> => {
      const path = folder ? `${folder}/${entry.name}` : entry.name;
      if (isLeftOut({ path, name: entry.name, isDirectory: entry.isDirectory() })) return [];
      if (entry.isDirectory()) return [{ path, type: 'd' }, ...(await entriesOf(root, path, isLeftOut))];
      if (entry.isSymbolicLink()) return [{ path, type: 'l' }];
      if (entry.isFile()) return [{ path, type: 'f' }];
      throw new ActivityError('source-failed', `${path} in the source is neither a file, a folder nor a symbolic link.`);
    }),
  );
  return nested.flat();
}
