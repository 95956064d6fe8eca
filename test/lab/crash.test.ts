import { rowsOf } from '../crash/rows.ts';
import { testRows } from './crash-rows.ts';

// The beginning of the table that `make crash` goes on with. The rest of what `make test` does of it is in crash-later.test.ts, which runs beside this.

testRows(rowsOf('nspawn', 1, 13));
