import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { musher } from './musher.ts';

let home: string;

beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'musher-bug-'))));
afterEach(() => rmSync(home, { recursive: true }));

/** Node without a function that a command needs: as good a bug as any. */
const broken = (how: string, args: string[], env: Record<string, string> = {}) =>
  musher(args, { env: { MUSHER_HOME: home, SITE_PASSWORD: 'correct horse', NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(how)}`, ...env } });
const SYNC = "const hasOwn = Object.hasOwn; Object.hasOwn = (o, k) => { if (k === 'disk-full') throw new TypeError('broken by correct horse'); return hasOwn(o, k); }";
const LATER = "setTimeout(() => { throw new TypeError('broken later') }, 0)";

test.each([['in the command', SYNC, 'broken by [removed]'], ['beside the command', LATER, 'broken later']])('A bug %s is a sentence and a private report, and exits 70', async (_, how, message) => {
  const { code, stderr } = await broken(how, ['explain', 'disk-full']);
  expect(code).toBe(70);
  expect(stderr).toContain(`A bug in Musher: ${message}`);
  expect(stderr).not.toMatch(/^ {4}at /m);
  const [, path] = /A report is in (\S+\.txt),/.exec(stderr)!;
  expect(readdirSync(join(home, 'reports'))).toHaveLength(1);
  expect(statSync(path!).mode & 0o777).toBe(0o600);
  expect(statSync(join(home, 'reports')).mode & 0o777).toBe(0o700);
  const report = readFileSync(path!, 'utf8');
  expect(report).toContain(`TypeError: ${message}\n    at `);
  expect(report).toContain('musher "explain" "disk-full"');
  expect(report).not.toContain('correct horse');
});

test('MUSHER_DEBUG shows the stack, too', async () => {
  expect((await broken(SYNC, ['explain', 'disk-full'], { MUSHER_DEBUG: '1' })).stderr).toMatch(/TypeError: broken by correct horse\n {4}at /);
});

test('With --json it is a document that names the report', async () => {
  const { code, stdout, stderr } = await broken(SYNC, ['explain', 'disk-full', '--json']);
  expect({ code, stderr }).toEqual({ code: 70, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ event: 'error', error: { exitCode: 70, report: expect.stringContaining(join(home, 'reports')) as string } });
});

test('Where no report can be written the bug is told all the same', async () => {
  mkdirSync(join(home, 'open'), { mode: 0o755 });
  const { code, stderr } = await broken(SYNC, ['explain', 'disk-full'], { MUSHER_HOME: join(home, 'open') });
  expect(code).toBe(70);
  expect(stderr).toContain('No report of it could be written');
});
