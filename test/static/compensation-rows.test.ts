import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { CANCELS, CHANGE_NOTHING, ELSEWHERE, INVERSES, NEVER_UNDONE, PACK_CANCELS, PACK_ROWS, ROWS } from '../lab/compensation/rows.ts';

// The table of what fails, and where, names every step that changes something: a new one without a row fails here.

const activities = Object.keys(createActivities({ run: {}, artifacts: '/nonexistent', usedInputs: '/nonexistent', reports: '/nonexistent', version: '0' } as never));
const TABLES = { 'In a cluster': ROWS, 'In a pack': PACK_ROWS };
const changing = [...new Set([...ROWS, ...PACK_ROWS].map(({ activity }) => activity))];

test('Every activity is in a row, or said to need none', () => {
  expect([...changing, ...CHANGE_NOTHING, ...INVERSES, ...NEVER_UNDONE, ...ELSEWHERE].sort()).toEqual(activities.sort());
});

const operations = Object.entries(TABLES).flatMap(([table, rows]) => [...new Set(rows.map(({ operation }) => operation))].map((operation) => [table, operation, rows.filter((row) => row.operation === operation)] as const));

describe.each(operations)('%s, %s:', (_table, _operation, rows) => {
  test.each([...new Set(rows.map(({ activity }) => activity))])('%s fails before, half-way and after', (activity) => {
    const found = rows.filter((row) => row.activity === activity);
    expect([...new Set(found.map(({ when }) => when))].sort()).toEqual(['after', 'before', 'half']);
    for (const { when, task } of found) expect(task !== undefined).toBe(when === 'half');
  });
});

test('docs/durability.md says how many they are', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/durability.md'), 'utf8');
  expect(page).toContain(`${ROWS.length} rows of a cluster, ${PACK_ROWS.length} of a pack, ${CANCELS.length + PACK_CANCELS.length} cancels`);
});
