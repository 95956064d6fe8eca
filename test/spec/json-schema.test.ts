import { readdirSync, readFileSync } from 'node:fs';
import Ajv from 'ajv';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { z } from 'zod';
import { jsonSchema } from '../../spec/json-schema.ts';
import { parseSpec } from '../../spec/parse-spec.ts';
import { specSchema } from '../../spec/schema.ts';
import { madeDocuments } from '../../spec/write-documents.ts';
import { VALID } from './valid-spec.ts';

const validate = new Ajv({ allErrors: true }).compile(jsonSchema());
const FOLDER = new URL('../../examples/', import.meta.url);
const EXAMPLES = readdirSync(FOLDER).map((name) => readFileSync(new URL(name, FOLDER), 'utf8'));

test.each(madeDocuments())('$path is what the schema of the parser makes it (else: node spec/write-documents.ts --write)', ({ text, made }) => {
  expect(text).toBe(made);
});

test.each([VALID, ...EXAMPLES])('takes a right spec', (text) => {
  expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
});

/** Whether what is wrong is the form: a key, a type, a number's range. Texts the parser checks by itself. */
const isOfWrongForm = (value: unknown): boolean => !!specSchema.safeParse(value).error?.issues.some(isForm);

/** Of a choice it is only where no branch has the form. */
const isForm = (issue: z.core.$ZodIssue): boolean => (issue.code === 'invalid_union' ? issue.errors.every((branch) => branch.some(isForm)) : issue.code !== 'custom');

/** The one and the other way: an editor warns of nothing that would pass, and of every wrong form. */
function agrees(value: unknown): void {
  const text = JSON.stringify(value);
  const takes = validate(value);
  if ('spec' in parseSpec(text, 'musher.yml')) expect(takes, `${JSON.stringify(validate.errors)} ${text}`).toBe(true);
  if (isOfWrongForm(value)) expect(takes, text).toBe(false);
}

type Path = (string | number)[];
const pathsIn = (value: unknown): Path[] =>
  typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, inner]) => [[key], ...pathsIn(inner).map((rest) => [key, ...rest])]) : [];

/** A copy whose value at the path is another; undefined takes the key away. */
function withValue(value: unknown, [key, ...rest]: Path, put: unknown): unknown {
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<string | number, unknown>;
  const inner = rest.length === 0 ? put : withValue(copy[key!], rest, put);
  if (inner === undefined && !Array.isArray(value)) delete copy[key!];
  else copy[key!] = inner ?? null;
  return copy;
}

const BASES = [VALID, ...EXAMPLES].map((text) => parse(text) as unknown);
const HOSTILE = [
  null, true, false, 0, 1, -1, 2, 22, 100, 101, 200, 600, 65535, 65536, 1.5, 1e300, '', ' ', '0', '1', '22', '1%', '50%', '101%', '30s', '5m', '2 h', '1d', 'yes', 'web1', 'nosuch', 'cluster', 'pack', 'http',
  'none', 'nginx', 'rollback', 'pause', 'required', { pause: '4h' }, { pause: 60, then: 'abort' }, { within: '2h' }, '/', '..', 'a\nb', '{{ x }}', '-x', [], [[]], [1], ['web1'], [null], {}, { path: 'a' }, { path: 'a', type: 'file' }, { path: 'a', type: 'link' }, { file: 'a' }, { a: 1 }, undefined,
]; // prettier-ignore

test('Agrees with the parser on right specs with any value replaced or left out', () => {
  const base = fc.constantFrom(...BASES);
  const spoiled = base.chain((value) => fc.tuple(fc.constantFrom(...pathsIn(value)), fc.oneof(fc.constantFrom(...HOSTILE), fc.jsonValue())).map(([path, put]) => withValue(value, path, put)));
  fc.assert(fc.property(spoiled, agrees), { numRuns: 300 });
});

test('Agrees with the parser on right specs with any key put in', () => {
  const keys = fc.oneof(fc.constantFrom('port', 'key', 'root', 'files', 'storage', 'code', 'shared', 'tls', 'health', 'approval', 'tolerate', 'batch', 'x', '', 'A', 'a b', 'toString'), fc.string());
  const base = fc.constantFrom(...BASES);
  const spoiled = base.chain((value) => fc.tuple(fc.constantFrom([], ...pathsIn(value)), keys, fc.constantFrom(...HOSTILE)).map(([path, key, put]) => {
    const at = path.reduce<unknown>((inner, part) => (inner as Record<string, unknown>)[part], value);
    return typeof at === 'object' && at !== null && key !== '__proto__' ? withValue(value, [...path, Array.isArray(at) ? at.length : key], put) : value;
  }));
  fc.assert(fc.property(spoiled, agrees), { numRuns: 300 });
});

test.each([-1, 1.5, 1e300])('agrees with the parser on a time of %d in a choice', (within) => {
  agrees(withValue(parse(VALID), ['projects', 'shop', 'approval'], { within }));
});

test('Agrees with the parser on any JSON at all', () => {
  fc.assert(fc.property(fc.jsonValue(), agrees), { numRuns: 150 });
});

test.each([
  ['an unknown key', ['servers', 'web1', 'adress'], 'x'],
  ['a wrong type', ['groups', 'eu', 'members'], 'web1'],
  ['a number out of its range', ['servers', 'web1', 'port'], 65536],
  ['a word that is none of the choices', ['groups', 'eu', 'kind'], 'cluter'],
  ['a missing key', ['servers', 'web1', 'user'], undefined],
  ['a name that is none', ['servers', 'Web 1'], { address: 'x', user: 'y' }],
  ['an empty map', ['groups'], {}],
  ['a time that is none', ['projects', 'shop', 'environments', 'live', 'hook_timeout'], '1 day'],
])('refuses %s', (_, path, put) => {
  expect(validate(withValue(parse(VALID), path, put))).toBe(false);
});

test('Every key says what it is', () => {
  const check = ({ properties, additionalProperties, items, anyOf }: Json): void => {
    for (const [key, inner] of Object.entries(properties ?? {})) expect(inner.description, key).toMatch(/\w/);
    for (const inner of [...Object.values(properties ?? {}), additionalProperties, items, ...(anyOf ?? [])]) if (typeof inner === 'object') check(inner);
  };
  check(jsonSchema());
  expect(JSON.stringify(jsonSchema())).not.toMatch(/"(form|more|preset)":/);
});

interface Json {
  description?: string;
  properties?: Record<string, Json>;
  additionalProperties?: Json | boolean;
  items?: Json;
  anyOf?: Json[];
}
