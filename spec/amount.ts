import { quote, type Problem } from './spec-error.ts';
import type { Amount } from './spec.ts';

/**
 * Reads a number of members: `1`, `2`, `"25%"`.
 *
 * @param least the smallest number allowed, of members and of percent alike.
 */
export function parseAmount(value: number | string, least: 0 | 1 = 1): { amount: Amount } | { problem: Problem } {
  const [, digits, percent] = /^(\d{1,6})(%?)$/.exec(String(value)) ?? [];
  const count = Number(digits);
  if (digits === undefined || count < least || (percent && count > 100)) {
    const suggestion = `write a number of members from ${least}, or a percentage from ${least}% to 100%`;
    return { problem: { message: `${typeof value === 'string' ? quote(value) : value} is not an amount of members`, suggestion } };
  }
  return { amount: { unit: percent ? 'percent' : 'members', value: count } };
}
