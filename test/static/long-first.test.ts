import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LONG } from '../long-first.ts';

test('The files that are said to be begun first are there', () => {
  expect(LONG.filter((name) => !existsSync(join(import.meta.dirname, `../${name}.test.ts`)))).toEqual([]);
});
