import type { Amount } from '../spec/spec.ts';

/** A batch's size among `total` members: at least one, percentages rounded down. */
export const batchSize = (amount: Amount, total: number): number => Math.min(total, Math.max(1, countOf(amount, total)));

/** How many of `total` members may fail: percentages rounded down, and never all. */
export const tolerated = (amount: Amount, total: number): number => Math.min(total - 1, countOf(amount, total));

const countOf = ({ unit, value }: Amount, total: number): number => (unit === 'members' ? value : Math.floor((value * total) / 100));
