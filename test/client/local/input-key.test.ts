import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inputKey } from '../../../client/local/input-key.ts';
import { isSigned, signRequest } from '../../../contract/signature.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'musher-key-'));
  path = join(folder, 'input.key');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the key is made once, 32 bytes that its user alone may read', () => {
  const key = inputKey(path);
  expect(key).toHaveLength(32);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(inputKey(path)).toEqual(key);
  expect(readdirSync(folder)).toEqual(['input.key']);
});

test.each([0o640, 0o604, 0o660])('a key of mode %o is refused: others may have read it', (mode) => {
  inputKey(path);
  chmodSync(path, mode);
  expect(() => inputKey(path)).toThrow(/can be read by others/);
});

test.each([0, 31, 33])('a key of %i bytes is refused', (bytes) => {
  writeFileSync(path, Buffer.alloc(bytes), { mode: 0o600 });
  expect(() => inputKey(path)).toThrow(/not 32 bytes long/);
});

test('a request signed with the key is taken; altered, unsigned, or signed with another key it is not', () => {
  const key = inputKey(path);
  const signed = signRequest({ version: 1, operation: 'deploy', project: 'shop', environment: 'live', spec: { b: [1, 2], a: 'ä' } }, key);
  const altered = (change: object) => ({ ...signed, ...change });
  expect(isSigned(JSON.parse(JSON.stringify(signed)) as object, key)).toBe(true);
  expect(isSigned(altered({ environment: 'test' }), key)).toBe(false);
  expect(isSigned(altered({ spec: { b: [2, 1], a: 'ä' } }), key)).toBe(false);
  expect(isSigned(altered({ more: true }), key)).toBe(false);
  expect(isSigned(altered({ signature: '' }), key)).toBe(false);
  expect(isSigned(altered({ signature: undefined }), key)).toBe(false);
  expect(isSigned(signed, inputKey(join(folder, 'other.key')))).toBe(false);
});
