import { describe, expect, test } from 'vitest';
import { parseSpec } from '../../spec/parse-spec.ts';
import { formatSpecError } from '../../spec/spec-error.ts';
import { spoiled } from './valid-spec.ts';

/** What is done to the valid spec, and the errors that follow, without the file's name. */
export type Case = [name: string, edits: [from: string, to: string][], errors: string[]];

export const errorsOf = (text: string | Uint8Array): string[] => {
  const result = parseSpec(text, 'musher.yml');
  return 'errors' in result ? result.errors.map((error) => formatSpecError(error)) : [];
};

/** A test for each case: exactly these errors, in this order. */
export const refuses = (what: string, cases: Case[]): void => {
  describe(`refuses: ${what}`, () => {
    test.each(cases)('%s', (_, edits, errors) => {
      expect(errorsOf(spoiled(...edits))).toEqual(errors.map((error) => `musher.yml:${error}`));
    });
  });
};
