import type { Problem } from '../spec-error.ts';

/** Looks at a text of the spec: nothing where it may stay, else what is wrong with it. */
export type Check = (text: string) => Problem | undefined;

/** The first problem that one of the checks finds. */
export const inOrder =
  (...checks: Check[]): Check =>
  (text) => {
    for (const check of checks) {
      const problem = check(text);
      if (problem) return problem;
    }
    return undefined;
  };

export const notEmpty =
  (suggestion: string): Check =>
  (text) =>
    text.trim() ? undefined : { message: 'is empty', suggestion };

export const atMost =
  (length: number): Check =>
  (text) =>
    text.length > length ? { message: `is too long: ${text.length} characters`, suggestion: `at most ${length} fit` } : undefined;

export const oneLine: Check = (text) =>
  /[\n\t]/.test(text) ? { message: 'holds a line break or a tab', suggestion: 'write it on one line' } : undefined;
