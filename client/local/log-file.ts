import { copyFileSync, openSync, closeSync, fstatSync, readSync, statSync, truncateSync } from 'node:fs';

const MAX_BYTES = 10 * 1024 * 1024;

/**
 * Keeps a log from growing for ever: one over 10 MB becomes `<path>.1`. A process that has it open for
 * appending goes on writing to the emptied file; a line written in between may be lost.
 */
export function capLog(path: string, maxBytes = MAX_BYTES): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= maxBytes) return;
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
}

/** The last `bytes` of a file from `from` on, as text; '' when there is none. */
export function tail(path: string, bytes = 4096, from = 0): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(file);
    const start = Math.max(from > size ? 0 : from, size - bytes);
    const buffer = Buffer.alloc(Math.max(0, size - start));
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, start));
  } finally {
    closeSync(file);
  }
}
