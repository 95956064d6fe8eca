import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { jsonSchema } from '../../spec/json-schema.ts';
import { parseSpec } from '../../spec/parse-spec.ts';

// test/lab deploys them.

const FOLDER = new URL('../../examples/', import.meta.url);
const names = readdirSync(FOLDER);
const textOf = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8');

test.each(names)('%s is right, and says first what it is', (name) => {
  expect(name).toMatch(/^[a-z-]+\.yml$/);
  expect(textOf(name)).toMatch(/^# [A-Z].*\.\n/);
  const result = parseSpec(textOf(name), name);
  expect('errors' in result ? result.errors : []).toEqual([]);
});

test('docs/spec.md leads to each, and to no other', () => {
  const document = readFileSync(new URL('../../docs/spec.md', import.meta.url), 'utf8');
  expect([...document.matchAll(/\]\(\.\.\/examples\/([^)]+)\)/g)].map(([, name]) => name).sort()).toEqual(names);
});

interface Schema {
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
}

/** The keys of a schema, or those that a document uses of it, as `servers.*.address`. */
function keysOf(schema: Schema, at: string, given?: unknown): string[] {
  const all = given === undefined;
  const below = (key: string, inner: Schema, value: unknown): string[] => (all || value !== undefined ? keysOf(inner, `${at}${key}.`, value) : []);
  const map = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>;
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => (all || key in map ? [`${at}${key}`, ...below(key, inner, map[key])] : []));
  const { additionalProperties: named, items, anyOf = [] } = schema;
  const inNamed = typeof named === 'object' ? (all ? below('*', named, undefined) : Object.values(map).flatMap((value) => below('*', named, value))) : [];
  const inItems = items ? (all ? below('*', items, undefined) : Array.isArray(given) ? given.flatMap((value) => below('*', items, value)) : []) : [];
  return [...own, ...inNamed, ...inItems, ...anyOf.flatMap((inner) => keysOf(inner, at, given))];
}

test('Together they show every key', () => {
  const shown = new Set(names.flatMap((name) => keysOf(jsonSchema(), '', parse(textOf(name)))));
  const all = [...new Set(keysOf(jsonSchema(), ''))];
  expect(all.length).toBeGreaterThan(40);
  expect(all.filter((key) => !shown.has(key))).toEqual([]);
});
