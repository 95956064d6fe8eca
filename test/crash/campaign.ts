import { addResult } from './report.ts';
import { brokenOff, holds, isMissed, isWhole, othersFound, type RowResult } from './result.ts';
import { describeRow, type Row } from './rows.ts';
import { runRow } from './run-row.ts';
import { World } from './world.ts';

/** A world gathers histories, runs and releases; after so many rows a fresh one takes its place. */
const ROWS_OF_A_WORLD = 40;

/** Does rows one after another, in worlds that are kept as long as they are whole. */
export class Campaign {
  #world: World | undefined;
  #starting: Promise<World> | undefined;

  /** Does a row; once more where its operation had ended before anything was done to it. */
  async run(row: Row): Promise<RowResult> {
    const result = await this.#once(row);
    return isMissed(result) && holds(result) ? this.#once(row) : result;
  }

  /** In a fresh world where the one before is of another driver, damaged or old. */
  async #once(row: Row): Promise<RowResult> {
    const began = Date.now();
    if (this.#world && (this.#world.driver !== row.driver || this.#world.rows >= ROWS_OF_A_WORLD)) await this.stop();
    let result: RowResult;
    try {
      this.#world ??= await (this.#starting = World.start(row.driver));
      result = await runRow(this.#world, row);
    } catch (error) {
      result = brokenOff(row, began, error);
    }
    if (!isWhole(result)) await this.stop();
    return result;
  }

  /** Takes away what there is. */
  async stop(): Promise<void> {
    // One that is being started is waited for: what it has begun to make would stay behind. One that failed has taken itself away.
    const world = this.#world ?? (await this.#starting?.catch(() => undefined));
    [this.#world, this.#starting] = [undefined, undefined];
    await world?.stop();
  }
}

/** Does rows until they are done or the time is over, and adds each to the report. @param deadline milliseconds since the epoch, after which none is begun. */
export async function runRows(campaign: Campaign, rows: readonly Row[], { folder, deadline, say }: { folder: string; deadline: number; say: (line: string) => void }): Promise<RowResult[]> {
  const results: RowResult[] = [];
  for (const row of rows) {
    if (Date.now() > deadline) break;
    say(describeRow(row));
    const result = await campaign.run(row);
    addResult(folder, result);
    results.push(result);
    const { end, seconds, failed, requests, recovery_s: recovery } = result;
    say(`  ${!holds(result) ? 'DOES NOT HOLD' : isMissed(result) ? 'holds, but came too late' : 'holds'}: ${end}, ${seconds} s, ${failed} of ${requests} requests failed${recovery === null ? '' : `, went on after ${recovery} s`}`);
    for (const [name, found] of Object.entries(result.found)) say(`  ${name}: ${found.join('\n     ')}`);
    for (const other of othersFound(result)) say(`  ${other}`);
  }
  return results;
}
