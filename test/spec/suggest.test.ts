import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distance, nearest } from '../../spec/suggest.ts';

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 7 });

test('A distance with a limit is the distance, or the limit where it is no less', () => {
  fc.assert(
    fc.property(word, word, fc.integer({ min: 1, max: 9 }), (from, to, limit) => {
      expect(distance(from, to, limit)).toBe(Math.min(distance(from, to), limit));
    }),
  );
});

test.each([
  ['eu-clutser', 'eu-cluster'],
  ['WEB1', 'web1'],
  ['web11', 'web1'],
  ['nothing', undefined],
])('%s: %s', (name, found) => {
  expect(nearest(name, ['db', 'web2', 'web1', 'eu-cluster'])).toBe(found);
});
