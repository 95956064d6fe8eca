import fc from 'fast-check';
import { expect, test } from 'vitest';
import { releaseId } from '../../plan/release-id.ts';
import { environmentUser } from '../../spec/environment-user.ts';

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);

test('An environment has a user that Linux takes, with a number of its own range', () => {
  fc.assert(
    fc.property(label, label, (project, environment) => {
      const { name, uid } = environmentUser(project, environment);
      expect(name).toMatch(/^m-[a-z0-9-]{1,30}$/);
      expect(uid).toBeGreaterThanOrEqual(20_000);
      expect(uid).toBeLessThan(60_000);
    }),
  );
});

test('Names that differ in where the project ends still have different users', () => {
  expect(environmentUser('a', 'b-c').name).toBe('m-a--b-c');
  expect(environmentUser('a-b', 'c').name).toBe('m-a-b--c');
});

test('Long names that begin alike still have different users', () => {
  const long = 'a'.repeat(40);
  expect(environmentUser(long, 'live').name).not.toBe(environmentUser(long, 'test').name);
});

test('Ids of releases sort by age, whatever the run ids', () => {
  const earlier = releaseId('2026-01-02T03:04:05.678Z', 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  const later = releaseId('2026-01-02T03:04:06.000Z', '00000000-0000-0000-0000-000000000000');
  expect(earlier).toBe('20260102T030405Z-ffffff');
  expect([later, earlier].sort()).toEqual([earlier, later]);
});
