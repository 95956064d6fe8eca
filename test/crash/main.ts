import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Campaign, runRows } from './campaign.ts';
import type { DriverName } from './fault-table.ts';
import { readResults, writeReport } from './report.ts';
import { holds, isMissed } from './result.ts';
import { rowOf } from './row-of.ts';
import { describeRow, rowsOf, type Row } from './rows.ts';
import { undoingRowsOf } from './undoing-rows.ts';

const USAGE = `Kills, cuts off, fills and freezes, at every moment of every operation, and looks whether what always holds did.
  node test/crash/main.ts [--seed 1] [--rows 150 | --rows ID,ID…] [--undoing 30] [--driver nspawn|uml] [--report build/crash] [--minutes 600] [--list]
Beside as many rows of a seed's table it does those of its table of what is undone: a fifth as many, unless told otherwise.
Rows that the report has are passed over, unless they could not be looked at to their end, or came too late; those that are named are done again.`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    rows: { type: 'string', default: '150' },
    undoing: { type: 'string' },
    driver: { type: 'string', default: 'nspawn' },
    report: { type: 'string', default: join(import.meta.dirname, '../../build/crash') },
    minutes: { type: 'string', default: '600' },
    list: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** The rows that are asked for, without those that are done. */
function wanted(): Row[] {
  const seed = Number(values.seed);
  const isCount = /^[1-9]\d*$/.test(values.rows);
  if (!isCount) return values.rows.split(',').map(rowOf);
  if (!Number.isInteger(seed) || seed < 0 || !['nspawn', 'uml'].includes(values.driver)) throw new Error(USAGE);
  const done = readResults(values.report);
  const driver = values.driver as DriverName;
  const rows = [...rowsOf(driver, seed, Number(values.rows)), ...undoingRowsOf(driver, seed, Number(values.undoing ?? Math.ceil(Number(values.rows) / 5)))];
  const isDone = (id: string): boolean => done.has(id) && done.get(id)!.error === undefined && !isMissed(done.get(id)!);
  return rows.filter(({ id }) => !isDone(id));
}

async function main(): Promise<void> {
  const rows = wanted();
  if (values.list) return void process.stdout.write(rows.map((row) => `${describeRow(row)}\n`).join(''));
  const campaign = new Campaign();
  // Not `once`: execa ends the process on a signal that nobody else listens to.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void campaign.stop().finally(() => process.exit(130)));
  try {
    const results = await runRows(campaign, rows, { folder: values.report, deadline: Date.now() + Number(values.minutes) * 60_000, say });
    const { kills, held, recovery_s: recovery } = writeReport(values.report);
    say(`${held} of ${kills} kills held; went on ${recovery.median} s (median), ${recovery.max} s (most) after it could. ${join(values.report, 'index.html')}`);
    if (!results.every(holds)) process.exitCode = 1;
  } finally {
    await campaign.stop();
  }
}

await main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
});
