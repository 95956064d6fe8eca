import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FAILURES } from '../../contract/failures.ts';

const HANDBOOK = join(import.meta.dirname, '../../docs/failures.md');
const AGAIN = { never: 'no', host: 'yes, for the servers concerned', run: 'yes' };

test('The handbook of failures says what the ledger says', () => {
  const rows = [...readFileSync(HANDBOOK, 'utf8').matchAll(/^## `([a-z-]+)`\n\n(.+)\n\n- Asked again by itself: (.+)\n- What to do: (.+)$/gm)];
  expect(rows.map(([, type, meaning, again, remedy]) => ({ type, meaning, again, remedy }))).toEqual(
    Object.entries(FAILURES).map(([type, { meaning, retry, remedy }]) => ({ type, meaning, again: AGAIN[retry], remedy })),
  );
});
