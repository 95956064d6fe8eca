import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { parseSpec } from '../../spec/parse-spec.ts';
import { formatSpecError } from '../../spec/spec-error.ts';
import { VALID } from './valid-spec.ts';

const EXAMPLE = readFileSync(new URL('../../examples/cluster.yml', import.meta.url), 'utf8');
/** What a terminal would obey. */
const OBEYED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** A spec, or errors that a person can act on: in the file, one line each, with nothing that a terminal obeys. */
function holds(text: string | Uint8Array): void {
  const result = parseSpec(text, 'musher.yml');
  if ('spec' in result) {
    expect(JSON.parse(JSON.stringify(result.spec))).toEqual(result.spec);
    return;
  }
  expect(result.errors.length).toBeGreaterThan(0);
  const lines = typeof text === 'string' ? text.split('\n').length : Infinity;
  for (const error of result.errors) {
    expect(error.line).toBeGreaterThanOrEqual(1);
    expect(error.line).toBeLessThanOrEqual(lines);
    expect(error.column).toBeGreaterThanOrEqual(1);
    expect(formatSpecError(error)).not.toMatch(OBEYED);
    expect(error.message).not.toBe('');
  }
}

/** Values that YAML, zod or JavaScript may read otherwise than one thinks. */
const odd = fc.constantFrom(
  '', '~', 'null', 'true', '-1', '1e999', '.nan', '0x10', '[]', '{}', '[[]]', '{ a: b }', '*a', '&a x', '<<', '!!str x', '!vault x', '"', "'", '|', '>', '- ', ': ', '? ', '#', '---',
  '...', '%YAML 1.1', '\t', '\0', '__proto__', 'constructor', 'toString', '"\\u202e"', '"\\0"', '"\\e"', '../..', '/', '-x', '$(id)', '{{ x }}', '{% x %}', '\u2028', '\ud800', '😀',
); // prettier-ignore

const spoil = (text: string) =>
  fc
    .array(fc.tuple(fc.nat(text.length), fc.nat(12), fc.oneof(odd, fc.string({ maxLength: 8, unit: 'binary' }))), {
      minLength: 1,
      maxLength: 4,
    })
    .map((edits) => edits.reduce((spoiled, [at, cut, put]) => spoiled.slice(0, at) + put + spoiled.slice(at + cut), text));

/** Replaces one whole value, so that the YAML mostly stays valid. */
const swapValue = fc.tuple(fc.nat(1000), odd).map(([pick, put]) => {
  const values = [...EXAMPLE.matchAll(/(?<=[:[,] )[^\s,\]}#]+/g)];
  const { 0: old, index } = values[pick % values.length]!;
  return EXAMPLE.slice(0, index) + put + EXAMPLE.slice(index + old.length);
});

const swapKey = fc.tuple(fc.nat(1000), odd).map(([pick, put]) => {
  const keys = [...EXAMPLE.matchAll(/[\w-]+(?=:\s)/g)];
  const { 0: old, index } = keys[pick % keys.length]!;
  return EXAMPLE.slice(0, index) + put + EXAMPLE.slice(index + old.length);
});

describe('parseSpec never throws', () => {
  test('for any text', () => fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), holds), { numRuns: 300 }));
  test('for any bytes', () => fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), holds), { numRuns: 300 }));
  test('for any JSON', () => fc.assert(fc.property(fc.json({ noUnicodeString: false }), holds), { numRuns: 300 }));
  test('for a spoiled spec', () => fc.assert(fc.property(spoil(VALID), holds), { numRuns: 500 }));
  test('for a spec with another value', () => fc.assert(fc.property(swapValue, holds), { numRuns: 300 }));
  test('for a spec with another key', () => fc.assert(fc.property(swapKey, holds), { numRuns: 300 }));
});
