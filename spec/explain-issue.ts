import type { z } from 'zod';
import { laterKey, laterValue } from './later.ts';
import { schemaAt } from './schema-at.ts';
import { oneOf, quote, type Path, type Problem, type TreeProblem } from './spec-error.ts';
import { didYouMean, nearest } from './suggest.ts';
import { placeOf, valueAt, type Tree } from './tree.ts';

type Issue = z.core.$ZodIssue;

/** What zod found, in words for the person who wrote the file. */
export function explainIssue(issue: Issue, tree: Tree, base: Path = []): TreeProblem[] {
  const path = [...base, ...(issue.path as Path)];
  const value = valueAt(tree, ...path);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ path: [...path, key], at: 'key', ...explainKey(key, path) }));
  const later = laterValue(value);
  if (later) return [{ path, ...later }];
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((errors) => !errors.some((inner) => inner.path.length === 0 && isOfAnotherType(inner, value)));
    if (meant) return meant.flatMap((inner) => explainIssue(inner, tree, path));
  }
  return [{ path, ...explainValue(issue, tree, path, value) }];
}

/** A choice among texts says of a map only that it is none of them. */
const isOfAnotherType = ({ code }: { code?: string | undefined }, value: unknown): boolean =>
  code === 'invalid_type' || (code === 'invalid_value' && typeof value !== 'string');

/** Words of other tools for the same things. */
const SYNONYMS: Record<string, string[]> = {
  address: ['host', 'hostname', 'ip', 'ansible_host'],
  user: ['ansible_user'],
  port: ['ansible_port'],
  key: ['ssh_key', 'identity_file', 'ansible_ssh_private_key_file'],
  members: ['servers', 'hosts'],
  balancers: ['load_balancers'],
  ref: ['branch', 'tag', 'commit'],
  docroot: ['webroot'],
  kind: ['type'],
  expect: ['status'],
  sha256: ['checksum'],
  git: ['url'],
  directory: ['path'],
};

function explainKey(key: string, path: Path): Problem {
  const { pattern, keys } = schemaAt(path);
  const later = laterKey(pattern, key);
  if (later) return later;
  const near = nearest(key, keys) ?? keys.find((known) => SYNONYMS[known]?.includes(key));
  return { message: `unknown key ${quote(key)}`, suggestion: near ? didYouMean(near) : `keys here: ${keys.join(', ')}` };
}

function explainValue(issue: Issue, tree: Tree, path: Path, value: unknown): Problem {
  const { description = '' } = schemaAt(path);
  if (issue.code === 'custom') return { message: issue.message, ...(issue.params as { suggestion?: string }) };
  if (value === undefined) return { message: 'is missing', suggestion: `add ${quote(String(path.at(-1)))}: ${description}` };
  switch (issue.code) {
    case 'invalid_value':
      return explainChoice(issue.values, value);
    case 'too_small':
      if (issue.origin === 'array') return { message: 'is an empty list', suggestion: `write at least one: ${description}` };
      return { message: `${JSON.stringify(value)} is too small`, suggestion: `at least ${issue.minimum}` };
    case 'too_big':
      return { message: `${JSON.stringify(value)} is too large`, suggestion: `at most ${issue.maximum}` };
    case 'invalid_union': {
      const choices = issue.errors.flat().flatMap((inner) => ('values' in inner ? inner.values : []));
      const types = issue.errors.flat().flatMap((inner) => ('expected' in inner ? [inner.expected] : []));
      if (choices.length === 0) return explainType(types, tree, path, value);
      return typeof value === 'string' ? explainChoice(choices, value) : explainChoiceOrType(choices, types, value, description);
    }
    case 'invalid_type':
      return explainType([issue.expected], tree, path, value);
    default:
      return { message: issue.message };
  }
}

function explainChoice(values: readonly unknown[], value: unknown): Problem {
  const names = values.filter((choice) => typeof choice === 'string');
  const choices = names.length > 0 ? oneOf(names) : values.join(' or ');
  const near = typeof value === 'string' ? nearest(value, names) : undefined;
  const suggestion = near
    ? didYouMean(near)
    : typeof value === 'string' && values.map(String).includes(value)
      ? `write ${choices} without quotes`
      : undefined;
  return { message: `must be ${choices}, ${given(value)}`, ...(suggestion && { suggestion }) };
}

/** Of one that may be a word of these or something of another type. */
function explainChoiceOrType(values: readonly unknown[], types: string[], value: unknown, description: string): Problem {
  const wanted = [...values.map((choice) => quote(String(choice))), ...new Set(types.filter((type) => type !== 'string').map((type) => KINDS[type] ?? type))];
  return { message: `must be ${[wanted.slice(0, -1).join(', '), wanted.at(-1)].filter(Boolean).join(' or ')}, ${given(value)}`, ...(description && { suggestion: description }) };
}

const KINDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function explainType(expected: string[], tree: Tree, path: Path, value: unknown): Problem {
  const wanted = [...new Set(expected.map((type) => KINDS[type] ?? type))].join(' or ');
  const { source } = placeOf(tree, path);
  const { description, form } = schemaAt(path);
  const message = `must be ${wanted}, ${given(value)}`;
  const suggestion = wayOut(expected, value, source) ?? form ?? description;
  return { message, ...(suggestion && { suggestion }) };
}

function wayOut(expected: string[], value: unknown, source: string | undefined): string | undefined {
  const wants = (type: string) => expected.includes(type);
  if (value === null) return undefined;
  if (wants('string') && !wants('number') && source && typeof value !== 'object') return `write it in quotes: ${quote(source)}`;
  if (typeof value !== 'string') return undefined;
  if (wants('boolean') && /^(yes|no|on|off|true|false)$/i.test(value)) return `write ${/^(yes|on|true)$/i.test(value)} without quotes`;
  if ((wants('number') || wants('int')) && /^\d+$/.test(value)) return `write ${value} without quotes`;
  return wants('array') ? `write [${quote(value)}]` : undefined;
}

function given(value: unknown): string {
  if (value === null) return 'but is empty';
  if (typeof value === 'string') return `not ${quote(value)}`;
  if (typeof value === 'object') return Array.isArray(value) ? 'not a list' : 'not a map';
  if (typeof value !== 'number') return `not ${JSON.stringify(value)}`;
  // YAML's .inf and .nan, which are numbers to it alone.
  return Number.isFinite(value) ? `not the number ${value}` : `not ${Number.isNaN(value) ? 'NaN' : 'infinity'}`;
}
