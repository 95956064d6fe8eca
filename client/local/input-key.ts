import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, linkSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { userInfo } from 'node:os';
import { LocalServiceError } from './local-service-error.ts';

const BYTES = 32;

/**
 * Reads the key that signs requests for the local worker; makes it at the first call. Two callers at once get the same key.
 *
 * @throws {LocalServiceError} others may read the file, it is another user's, or it is no key.
 */
export function inputKey(path: string): Buffer {
  return readKey(path) ?? makeKey(path);
}

function readKey(path: string): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new LocalServiceError(`The key ${path} cannot be read: ${(error as Error).message}.`);
  }
  try {
    const { mode, uid } = fstatSync(file);
    if (uid !== userInfo().uid) throw new LocalServiceError(`The key ${path} belongs to another user. Remove it; a new one is made.`);
    if (mode & 0o077) {
      throw new LocalServiceError(
        `The key ${path} can be read by others, so a request signed with it proves nothing. Run "musher service stop" and remove it; a new one is made.`,
      );
    }
    const key = Buffer.alloc(BYTES + 1);
    if (readSync(file, key) !== BYTES) throw new LocalServiceError(`The key ${path} is not ${BYTES} bytes long. Remove it; a new one is made.`);
    return key.subarray(0, BYTES);
  } finally {
    closeSync(file);
  }
}

function makeKey(path: string): Buffer {
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  const file = openSync(draft, 'wx', 0o600);
  writeSync(file, randomBytes(BYTES));
  fsyncSync(file);
  closeSync(file);
  try {
    // Unlike a rename, a link never replaces the key that another caller has just made.
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
  return readKey(path)!;
}
