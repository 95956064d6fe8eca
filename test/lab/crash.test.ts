import { rowsOf } from '../crash/rows.ts';
import { testRows } from './crash-rows.ts';

// The beginning of the table that `make crash` goes on with: every fault of a cluster is in it.

testRows(rowsOf('nspawn', 1, 25));
