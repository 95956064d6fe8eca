import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FAULTS, faultsAsMarkdown } from './fault-table.ts';
import { measuredAsMarkdown } from './measured.ts';
import { readResults } from './report.ts';
import { isMissed } from './result.ts';
import { NAMES } from './statements.ts';

const DOCS = join(import.meta.dirname, '../../docs');
const page = readFileSync(join(DOCS, 'durability.md'), 'utf8');

test('docs/durability.md says which requests each fault may cost, as the crash test does beforehand', () => {
  expect(page).toContain(faultsAsMarkdown());
  expect(FAULTS.every(({ allowed }) => allowed.why.length > 0)).toBe(true);
});

test('docs/durability.md has a row for each statement', () => {
  const rows = [...page.matchAll(/^\| (\d+) \| /gm)].map(([, number]) => number);
  expect(rows).toEqual(NAMES);
});

test('docs/durability.md quotes what the rows on file say', () => {
  const rows = [...readResults(join(DOCS, 'crash')).values()];
  expect(page).toContain(measuredAsMarkdown(rows));
  const kills = rows.filter((row) => !isMissed(row));
  expect(kills.length).toBeGreaterThanOrEqual(150);
  for (const { name, drivers } of FAULTS) {
    for (const driver of drivers) expect(kills.some((row) => row.driver === driver && row.fault.split(' + ').includes(name)), `${name} on ${driver}`).toBe(true);
  }
  for (const number of NAMES) expect(kills.some(({ held }) => held[number] === true), `statement ${number}`).toBe(true);
});
