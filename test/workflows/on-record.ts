import { expect } from 'vitest';

/** Who decided and when, in the record of a decision. */
export const whoDecided = expect.stringMatching(/^.+@.+$/) as string;
export const someTime = expect.stringMatching(/^\d{4}-.*Z$/) as string;
