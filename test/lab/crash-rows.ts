import { afterAll, expect, test } from 'vitest';
import { Campaign } from '../crash/campaign.ts';
import { holds } from '../crash/result.ts';
import { describeRow, type Row } from '../crash/rows.ts';

/** Longest that a row may take: operations that wait for who does not answer, hosts that boot again, and a machine that does other things, too. */
const LONG = 1_500_000;

/** Rows of the crash test as tests, one after another in one world for as long as it is whole. */
export function testRows(rows: readonly Row[]): void {
  const campaign = new Campaign();
  afterAll(() => campaign.stop(), LONG);

  let hits = 0;

  test.each(rows.map((row) => [describeRow(row), row] as const))('%s', async (_, row) => {
    const result = await campaign.run(row);
    if (result.hit) hits++;
    const { found, nextMessage, error } = result;
    expect({ found, nextMessage, error }).toEqual({ found: {} });
    expect(holds(result)).toBe(true);
  }, LONG);

  test('What was to be hit was there: an operation that ends sooner than usual may be missed, now and then', () => {
    expect(hits).toBeGreaterThanOrEqual(Math.floor(rows.length * 0.9));
  });
}
