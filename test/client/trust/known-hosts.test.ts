import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareKeys } from '../../../client/trust/compare-keys.ts';
import { fingerprintOf, type HostKey } from '../../../client/trust/host-key.ts';
import { recordedKeys, withKeys, withoutKeys } from '../../../client/trust/known-hosts.ts';

let folder: string;
let keys: HostKey[];
let list: string;

const keygen = (...words: string[]): string => execFileSync('ssh-keygen', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

/** The numbers of the lines that OpenSSH itself finds for a name. */
function foundBySsh(name: string): number[] {
  const path = join(folder, 'list');
  writeFileSync(path, list);
  try {
    return [...keygen('-F', name, '-f', path).matchAll(/found: line (\d+) ?(?!.*CA)/g)].map(([, line]) => Number(line));
  } catch {
    return [];
  }
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'musher-keys-'));
  keys = ['ed25519', 'ecdsa', 'ed25519', 'ed25519'].map((type, index) => {
    keygen('-q', '-t', type, '-N', '', '-f', join(folder, `key${index}`));
    const [name = '', key = ''] = keygen('-yf', join(folder, `key${index}`)).split(' ');
    return { type: name, key: key.trim() };
  });
  const [a, b, c, d] = keys.map(({ type, key }) => `${type} ${key}`);
  writeFileSync(join(folder, 'hashed'), `hashed.example.net ${a}\n[hashed.example.net]:2222 ${b}\n`);
  keygen('-q', '-H', '-f', join(folder, 'hashed'));
  const hashed = execFileSync('cat', [join(folder, 'hashed')], { encoding: 'utf8' });
  list = `# by hand\nweb1.example.net,192.0.2.11 ${a} a comment\n\n[web1.example.net]:2222 ${b}\n*.example.net,!web?.example.net ${c}\n@revoked web1.example.net ${d}\n@cert-authority *.example.net ${c}\nWEB2.example.net\t${b}\n${hashed}2001:db8::1 ${a}\nbroken line\n`;
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('recordedKeys', () => {
  test.each(['web1.example.net', 'WEB1.example.net', '192.0.2.11', '[web1.example.net]:2222', 'lb.example.net', 'web2.example.net', 'hashed.example.net', '[hashed.example.net]:2222', '2001:db8::1', 'other.test', 'example.net'])(
    'finds for %s what ssh-keygen -F finds',
    (name) => {
      const lines = recordedKeys(list, name).map(({ line }) => line);
      const authorities = list.split('\n').flatMap((text, index) => (text.startsWith('@cert-authority') ? [index + 1] : []));
      expect(lines).toEqual(foundBySsh(name).filter((line) => !authorities.includes(line)));
    },
  );

  test('tells a revoked key and a pattern', () => {
    expect(recordedKeys(list, 'web1.example.net')).toMatchObject([{ key: keys[0]!.key, revoked: false, byPattern: false }, { key: keys[3]!.key, revoked: true }]);
    expect(recordedKeys(list, 'lb.example.net')).toMatchObject([{ key: keys[2]!.key, byPattern: true }]);
  });
});

test('a fingerprint is the one that ssh-keygen prints', () => {
  keys.forEach((key, index) => expect(keygen('-lf', join(folder, `key${index}.pub`))).toContain(` ${fingerprintOf(key)} `));
});

describe('a changed list', () => {
  test('has the keys put in, and all its other lines as they were', () => {
    const changed = withKeys(list, 'new.test', [keys[0]!]);
    expect(changed.startsWith(list)).toBe(true);
    expect(recordedKeys(changed, 'new.test')).toHaveLength(1);
    expect(withKeys('without a line end', 'x', [keys[0]!]).split('\n')).toHaveLength(3);
  });

  test('has no key for the name taken out, but those of the names beside it', () => {
    const changed = withoutKeys(list, 'web1.example.net');
    expect(recordedKeys(changed, 'web1.example.net')).toMatchObject([{ revoked: true }]);
    for (const name of ['192.0.2.11', '[web1.example.net]:2222', 'lb.example.net', 'hashed.example.net']) {
      expect(recordedKeys(changed, name).map(({ key }) => key)).toEqual(recordedKeys(list, name).map(({ key }) => key));
    }
    expect(recordedKeys(withoutKeys(list, 'hashed.example.net'), 'hashed.example.net').filter(({ byPattern }) => !byPattern)).toEqual([]);
    expect(changed).toContain('# by hand\n192.0.2.11 ');
  });
});

describe('compareKeys', () => {
  const record = (key: HostKey, revoked = false) => ({ ...key, revoked, byPattern: false, line: 1 });
  test.each([
    ['nothing on record', [0], [], 'new'],
    ['the same', [0, 1], [0, 1], 'known'],
    ['one of two on record', [0, 1], [0], 'more'],
    ['fewer shown than on record', [0], [0, 1], 'known'],
    ['another of the same type', [0], [2], 'changed'],
    ['one the same and one changed', [0, 1], [1, 2], 'changed'],
    ['none of the type on record', [0], [1], 'changed'],
    ['one of two of a type on record', [0], [0, 2], 'known'],
  ] as const)('%s', (_, shown, recorded, standing) => {
    expect(compareKeys(shown.map((index) => keys[index]!), recorded.map((index) => record(keys[index]!)))).toBe(standing);
  });

  test('a revoked key is refused whatever else is on record', () => {
    expect(compareKeys([keys[0]!], [record(keys[0]!), record(keys[0]!, true)])).toBe('revoked');
    expect(compareKeys([keys[0]!], [record(keys[2]!, true)])).toBe('new');
  });
});
