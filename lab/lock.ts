import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { paths } from './home.ts';

/**
 * Runs `work` while no other process of this machine runs one under the same name; waits for its turn.
 * The lock is held by a child that ends with its standard input, so it goes with its owner however that one ends.
 */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  await mkdir(paths.locks, { recursive: true });
  const holder = execa('flock', [join(paths.locks, name), 'sh', '-c', 'echo held; exec cat >/dev/null'], { buffer: false });
  try {
    await Promise.race([once(holder.stdout, 'data'), holder]);
    return await work();
  } finally {
    holder.stdin.end();
    await holder;
  }
}
