import { rowOf } from '../crash/row-of.ts';
import { testRows } from './crash-rows.ts';

// Of a pack, whose hosts have kernels of their own: a member and the storage lose their power, and everything of the worker is killed between two batches.

testRows(['uml-1-8', 'uml-1-10', 'uml-1-15'].map(rowOf));
