import { rowOf } from '../crash/row-of.ts';
import { rowsOf } from '../crash/rows.ts';
import { testRows } from './crash-rows.ts';

// Rows 14 to 25, so that with crash.test.ts every fault of a cluster is done; and of what is undone: a person who is asked, a cancel, one that is cleared up after.

testRows([...rowsOf('nspawn', 1, 25).slice(13), ...['nspawn-u1-3', 'nspawn-u1-5', 'nspawn-u1-6'].map(rowOf)]);
