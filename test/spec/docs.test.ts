import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { allKeys } from '../../spec/schema-at.ts';
import { specSchema } from '../../spec/schema.ts';

const page = readFileSync(new URL('../../docs/spec.md', import.meta.url), 'utf8');

interface Row {
  key: string;
  type: string;
  default: string;
}

/** The rows of the tables of keys, by the place that the heading names: `servers.*.address`. */
function rows(): Row[] {
  return page.split(/^##+ /m).flatMap((section) => {
    const [, place = ''] = /^`(.+)`/.exec(section) ?? [];
    const prefix = place.replaceAll(/NAME/g, '*').replaceAll('[]', '.*');
    const [, table = ''] = section.split('| key | type | default | meaning |\n| --- | --- | --- | --- |\n');
    return (table.split('\n\n')[0] ?? '').split('\n').flatMap((line) => {
      const [, key, type = '', preset = ''] = line.split(/ *\| */);
      return key ? [{ key: [prefix, key.replaceAll('`', '')].filter(Boolean).join('.'), type, default: preset.replaceAll('`', '') }] : [];
    });
  });
}

/** Of the JSON Schema that zod writes: the default of a key, or whether it must be there. */
function defaultOf(key: string): string {
  interface Json {
    properties?: Record<string, Json>;
    additionalProperties?: Json;
    items?: Json;
    anyOf?: Json[];
    required?: string[];
    default?: unknown;
  }
  const parts = key.split('.');
  const last = parts.pop()!;
  let at = z.toJSONSchema(specSchema, { io: 'input' }) as Json;
  for (const part of parts) {
    const next: Json | undefined = part === '*' ? (at.items ?? at.additionalProperties) : at.properties?.[part];
    at = next?.anyOf?.find(({ properties }) => properties) ?? next!;
  }
  const preset = at.properties![last]!.default;
  if (preset === undefined) return at.required?.includes(last) ? 'required' : 'none';
  return typeof preset === 'string' ? preset : JSON.stringify(preset);
}

test('every key of the schema is documented, and every documented key is in the schema', () => {
  expect(
    rows()
      .map(({ key }) => key)
      .toSorted(),
  ).toEqual(allKeys().toSorted());
});

test.each(rows().filter((row) => !/^(of the preset|of kind|the group's root)$/.test(row.default)))('the default of $key', (row) => {
  expect(row.default).toBe(defaultOf(row.key));
});

test('every key has a description for messages and the JSON Schema', () => {
  expect(JSON.stringify(z.toJSONSchema(specSchema, { io: 'input' })).match(/"description":/g)!.length).toBeGreaterThanOrEqual(
    allKeys().length,
  );
});
