import { quote, type Problem } from './spec-error.ts';

const SECONDS = { s: 1, m: 60, h: 3600 } as const;
export const DAY = 24 * SECONDS.h;

/**
 * Reads a time in seconds: `30`, `30s`, `5m`, `2h`.
 *
 * @param longest in seconds.
 */
export function parseDuration(value: number | string, longest: number = DAY): { seconds: number } | { problem: Problem } {
  const [, digits, unit = 's'] = /^(\d{1,6}) ?([smh])?$/.exec(String(value)) ?? [];
  const seconds = Number(digits) * SECONDS[unit as keyof typeof SECONDS];
  if (digits === undefined || seconds < 1 || seconds > longest) {
    return {
      problem: {
        message: `${typeof value === 'string' ? quote(value) : value} is not a time`,
        suggestion: `write whole seconds, or 30s, 5m, 2h; from one second to ${longest / SECONDS.h} hours`,
      },
    };
  }
  return { seconds };
}
