import { afterAll, expect, test } from 'vitest';
import { Campaign } from '../crash/campaign.ts';
import { isMissed, problemsOf } from '../crash/result.ts';
import { describeRow, type Row } from '../crash/rows.ts';

/** Longest that a row may take, twice: operations that wait for who does not answer, hosts that boot again, and a machine that does other things, too. */
const LONG = 1_800_000;

/**
 * Rows of the crash test as tests, one after another in one world for as long as it is whole. Other labs work beside them, so that how soon an operation goes on
 * after its worker's death is looked at by `make crash` alone.
 */
export function testRows(rows: readonly Row[]): void {
  const campaign = new Campaign();
  afterAll(() => campaign.stop(), LONG);
  let hits = 0;

  test.each(rows.map((row) => [describeRow(row), row] as const))('%s', async (_, row) => {
    const result = await campaign.run(row);
    if (!isMissed(result)) hits++;
    const found = [...Object.entries(result.found).map(([name, findings]) => `${name}: ${findings.join('; ')}`), ...problemsOf(result)];
    expect(found, [...found, `it ended: ${result.end}, ${result.message ?? 'without a word'}`, `struck at: ${result.during.join(', ')}`].join(' | ')).toEqual([]);
  }, LONG);

  test('What was to be hit was there: an operation that ends sooner than usual may be missed, twice in a row, now and then', () => {
    expect(hits).toBeGreaterThanOrEqual(Math.floor(rows.length * 0.9));
  });
}
