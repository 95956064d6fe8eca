import { expect, test } from 'vitest';
import { parseAmount } from '../../spec/amount.ts';
import { parseDuration } from '../../spec/duration.ts';

test.each([
  [1, { unit: 'members', value: 1 }],
  [2, { unit: 'members', value: 2 }],
  ['3', { unit: 'members', value: 3 }],
  ['25%', { unit: 'percent', value: 25 }],
  ['100%', { unit: 'percent', value: 100 }],
])('amount %s', (text, amount) => expect(parseAmount(text)).toEqual({ amount }));

test.each([0, -1, 1.5, NaN, Infinity, 1e21, '', '0%', '101%', '1 %', '%', ' 1', '0x1', '１'])('no amount %s', (text) =>
  expect(parseAmount(text)).toHaveProperty('problem'),
);

test('nobody may be an amount where that makes sense', () => {
  expect(parseAmount(0, 0)).toEqual({ amount: { unit: 'members', value: 0 } });
  expect(parseAmount('0%', 0)).toEqual({ amount: { unit: 'percent', value: 0 } });
});

test.each([
  [1, 1],
  ['30', 30],
  ['30s', 30],
  ['5m', 300],
  ['24h', 86_400],
])('time %s', (text, seconds) => expect(parseDuration(text)).toEqual({ seconds }));

test.each([0, -1, 0.5, NaN, 86_401, '25h', '1d', 's', '5 minutes', '1m30s', ''])('no time %s', (text) =>
  expect(parseDuration(text)).toHaveProperty('problem'),
);
