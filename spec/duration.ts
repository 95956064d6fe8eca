import { quote, type Problem } from './spec-error.ts';

const SECONDS = { s: 1, m: 60, h: 3600 } as const;
const LONGEST = 24 * SECONDS.h;

/** Reads a time in seconds from 1 to a day: `30`, `30s`, `5m`, `2h`. */
export function parseDuration(value: number | string): { seconds: number } | { problem: Problem } {
  const [, digits, unit = 's'] = /^(\d{1,6}) ?([smh])?$/.exec(String(value)) ?? [];
  const seconds = Number(digits) * SECONDS[unit as keyof typeof SECONDS];
  if (digits === undefined || seconds < 1 || seconds > LONGEST) {
    return {
      problem: {
        message: `${typeof value === 'string' ? quote(value) : value} is not a time`,
        suggestion: 'write whole seconds, or 30s, 5m, 2h; from one second to 24 hours',
      },
    };
  }
  return { seconds };
}
