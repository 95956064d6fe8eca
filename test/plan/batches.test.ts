import { expect, test } from 'vitest';
import { batchSize, tolerated } from '../../plan/amount.ts';
import { cutBatches } from '../../plan/batches.ts';

const WEB = ['web1', 'web2', 'web3', 'web4'];

test.each([
  ['a count', { unit: 'members', value: 3 }, 4, 3],
  ['a count beyond all', { unit: 'members', value: 9 }, 4, 4],
  ['a percentage is rounded down', { unit: 'percent', value: 49 }, 4, 1],
  ['a percentage of little is one member', { unit: 'percent', value: 1 }, 4, 1],
  ['all', { unit: 'percent', value: 100 }, 4, 4],
] as const)('The size of a batch: %s', (_, amount, total, size) => {
  expect(batchSize(amount, total)).toBe(size);
});

test.each([
  ['none', { unit: 'members', value: 0 }, 4, 0],
  ['a tenth of four is none', { unit: 'percent', value: 10 }, 4, 0],
  ['a tenth of ten', { unit: 'percent', value: 10 }, 10, 1],
  ['never all', { unit: 'members', value: 9 }, 4, 3],
] as const)('How many may fail: %s', (_, amount, total, count) => {
  expect(tolerated(amount, total)).toBe(count);
});

test.each([
  ['one by one, each drained while the others serve', WEB, 1, true, [['web1'], ['web2'], ['web3'], ['web4']], [true, true, true, true]],
  ['the last batch is smaller', WEB, 3, true, [['web1', 'web2', 'web3'], ['web4']], [true, true]],
  ['all at once: nobody would be left, so nobody is drained', WEB, 4, true, [WEB], [false]],
  ['a first deploy: nobody serves yet', [], 2, true, [['web1', 'web2'], ['web3', 'web4']], [false, false]],
  ['who does not serve goes first, and needs no drain', ['web1', 'web2', 'web4'], 1, true, [['web3'], ['web1'], ['web2'], ['web4']], [false, true, true, true]],
  ['the only one that serves is drained once another has joined', ['web1'], 2, true, [['web2', 'web3'], ['web4', 'web1']], [false, true]],
  ['no balancer: nothing to drain', WEB, 2, false, [['web1', 'web2'], ['web3', 'web4']], [false, false]],
] as const)('Batches: %s', (_, inService, size, balanced, members, drains) => {
  const batches = cutBatches(WEB, new Set(inService), size, balanced);
  expect(batches.map((batch) => batch.members)).toEqual(members);
  expect(batches.map(({ drain }) => drain)).toEqual(drains);
  expect(batches.map(({ label }) => label)).toEqual(members.map((__, index) => `${index + 1} of ${members.length}`));
});
