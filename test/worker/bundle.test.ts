import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { workflowBundle } from '../../worker/bundle.ts';
import { pruneBundles } from '../../worker/prune-bundles.ts';

const HOUR = 3600;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'musher-bundles-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Bundles last used so many hours ago, named after that. */
function keep(hours: number[], suffix = ''): void {
  for (const hour of hours) {
    const path = join(folder, `workflows-${hour}.js${suffix}`);
    writeFileSync(path, `// ${hour}`);
    const used = Date.now() / 1000 - hour * HOUR;
    utimesSync(path, used, used);
  }
}

const kept = (): string[] => readdirSync(folder).sort((a, b) => Number.parseFloat(a.slice(10)) - Number.parseFloat(b.slice(10)));

test('The five bundles that were used last stay, however old', () => {
  keep([100, 200, 300, 400, 500]);
  pruneBundles(folder);
  expect(kept()).toHaveLength(5);
});

test('Of more, those go that nobody has used for a day; drafts, too', () => {
  keep([1, 2, 3, 23, 25, 26]);
  keep([900], '.4711');
  keep([4, 5, 6]);
  pruneBundles(folder);
  expect(kept()).toEqual([1, 2, 3, 4, 5, 6, 23].map((hour) => `workflows-${hour}.js`));
});

test('Beyond twenty, young ones go as well', () => {
  keep(Array.from({ length: 25 }, (_, index) => index / 2));
  pruneBundles(folder);
  expect(kept()).toEqual(Array.from({ length: 20 }, (_, index) => `workflows-${index / 2}.js`));
});

test('A bundle is made once; its use counts, and it outlives older ones', async () => {
  const made = await workflowBundle(folder);
  const [name] = kept();
  utimesSync(join(folder, name!), 1, 1);
  keep([100, 200, 300, 400, 500]);
  expect((await workflowBundle(folder)).code).toBe(made.code);
  expect(kept()).toContain(name);
  expect(kept()).not.toContain('workflows-500.js');
});
