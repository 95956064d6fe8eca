import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadSpec } from '../../spec/load-spec.ts';
import { formatSpecError } from '../../spec/spec-error.ts';
import { spoiled, VALID } from './valid-spec.ts';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'musher-spec-'))));
afterAll(() => rm(folder, { recursive: true }));

const errorsOf = async (path: string) => {
  const result = await loadSpec(path);
  return 'errors' in result ? result.errors.map(formatSpecError) : [];
};

test('reads a file, and sees its paths from its folder', async () => {
  const file = join(folder, 'musher.yml');
  await writeFile(file, spoiled(['{ git: "https://git.example.net/shop.git" }', '{ directory: shop }'], ['        ref: main\n', '']));
  expect(await loadSpec(file)).toMatchObject({ spec: { projects: { shop: { source: { directory: join(folder, 'shop') } } } } });
});

test('names the file in its errors', async () => {
  const file = join(folder, 'bad.yml');
  await writeFile(file, VALID.replace('group: eu', 'group: ue'));
  expect(await errorsOf(file)).toEqual([`${file}:19:16 projects.shop.environments.live.group: no group "ue"; did you mean "eu"?`]);
});

test('a file that is not there, a folder, a device, and a file that is too large', async () => {
  const large = join(folder, 'large.yml');
  await writeFile(large, 'a'.repeat(5_000_000));
  expect(await errorsOf(join(folder, 'none.yml'))).toEqual([
    `${folder}/none.yml:1:1 there is no such file; write one with "musher init", or name another`,
  ]);
  expect(await errorsOf(folder)).toEqual([`${folder}:1:1 is not a file; name a musher.yml`]);
  expect(await errorsOf('/dev/zero')).toEqual(['/dev/zero:1:1 is not a file; name a musher.yml']);
  expect(await errorsOf(large)).toEqual([
    `${large}:1:1 is too large: 5000000 bytes; a spec has at most 524288; split it by group into several files`,
  ]);
});
