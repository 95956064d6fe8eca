import fc from 'fast-check';
import type { Json } from '../../../activities/inventory/json.ts';

/** Texts that mean something to YAML, to Jinja, to a shell or to Ansible. */
const SPECIAL = [
  "{{ lookup('pipe', 'touch /tmp/pwned') }}",
  '{% if true %}x{% endif %}',
  '{# x #}',
  '{{',
  '}}',
  '!unsafe "x"',
  '!vault |',
  '&a *a',
  '<<',
  '=',
  '~',
  'null',
  'yes',
  'No',
  '1',
  '0x1F',
  '1e3',
  '1:30',
  '.inf',
  '2026-01-01',
  '123\n',
  '- a',
  'a: b',
  '# a',
  '? a',
  '| a',
  '---',
  '...',
  '%YAML 1.1',
  '"',
  "'",
  '\\',
  '\\u0041',
  '\t',
  '\r\n',
  '\u0001',
  '\u007f',
  '\u0085',
  '\u2028',
  '\ufeff',
  '\ufffe',
  '\u{1f600}',
  '@file',
  '$HOME',
  '',
  ' ',
  'x'.repeat(3000),
];

/** Any text that a spec may hold: all of Unicode but NUL and lone surrogates. */
export const anyText = fc
  .array(fc.oneof(fc.constantFrom(...SPECIAL), fc.string({ unit: 'binary' }), fc.string()), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('').replaceAll('\0', ''));

export const anyLabel = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);

const anyNumber = fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0));

export const anyJson: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    anyText,
    anyNumber,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(anyText, tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** What `ansible-inventory --list` shows, without the wrapping of texts that are never evaluated. Throws for a text without it. */
export function unwrap(value: Json): Json {
  if (typeof value === 'string') throw new TypeError(`Ansible would evaluate this text: ${JSON.stringify(value)}`);
  if (Array.isArray(value)) return value.map(unwrap);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0]![0] === '__ansible_unsafe' && typeof entries[0]![1] === 'string') return entries[0]![1];
  return Object.fromEntries(entries.map(([key, inner]) => [key, unwrap(inner)]));
}
