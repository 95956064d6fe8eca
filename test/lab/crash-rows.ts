import { afterAll, expect, test } from 'vitest';
import { Campaign } from '../crash/campaign.ts';
import { holds, isMissed, othersFound } from '../crash/result.ts';
import { describeRow, type Row } from '../crash/rows.ts';

/** Longest that a row may take, twice: operations that wait for who does not answer, hosts that boot again, and a machine that does other things, too. */
const LONG = 1_800_000;

/** Rows of the crash test as tests, one after another in one world for as long as it is whole. Each must have hit its operation, and hold. */
export function testRows(rows: readonly Row[]): void {
  const campaign = new Campaign();
  afterAll(() => campaign.stop(), LONG);

  test.each(rows.map((row) => [describeRow(row), row] as const))('%s', async (_, row) => {
    const result = await campaign.run(row);
    const { found, met, hit } = result;
    expect({ found, others: othersFound(result) }).toEqual({ found: {}, others: [] });
    expect(holds(result)).toBe(true);
    expect({ met, hit, isMissed: isMissed(result) }).toEqual({ met: true, hit: true, isMissed: false });
  }, LONG);
}
