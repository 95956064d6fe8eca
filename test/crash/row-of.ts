import type { DriverName } from './fault-table.ts';
import { rowsOf, type Row } from './rows.ts';
import { undoingRowsOf } from './undoing-rows.ts';

/** The row of this id: `nspawn-1-17`, or `nspawn-u1-17` of the table of what is undone. @throws when it is none. */
export function rowOf(id: string): Row {
  const [, driver, undoing, seed, number] = /^(nspawn|uml)-(u?)(\d+)-([1-9]\d*)$/.exec(id) ?? [];
  if (driver === undefined) throw new Error(`"${id}" is no row: say DRIVER-SEED-NUMBER, as nspawn-1-17 or nspawn-u1-17`);
  return (undoing ? undoingRowsOf : rowsOf)(driver as DriverName, Number(seed), Number(number)).at(-1)!;
}
