import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FAULTS, faultsAsMarkdown } from './fault-table.ts';
import { NAMES } from './statements.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/durability.md'), 'utf8');

test('docs/durability.md says which requests each fault may cost, as the crash test does beforehand', () => {
  expect(page).toContain(faultsAsMarkdown());
  expect(FAULTS.every(({ allowed }) => allowed.why.length > 0)).toBe(true);
});

test('docs/durability.md has a row for each statement', () => {
  const rows = [...page.matchAll(/^\| (\d+) \| /gm)].map(([, number]) => number);
  expect(rows).toEqual(NAMES);
});
