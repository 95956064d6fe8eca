import { z } from 'zod';
import type { $ZodType, $ZodTypes } from 'zod/v4/core';
import { specSchema } from './schema.ts';
import type { Path, Problem } from './spec-error.ts';

export interface Child {
  /** A key; `*` stands for any name or index. */
  name: string;
  schema: $ZodType;
}

/** What the schema says of a place in the file (or of the nearest place above it that the schema knows). */
export function schemaAt(path: Path): { pattern: string; keys: string[]; description: string | undefined; form: string | undefined } {
  let schema: $ZodType = specSchema;
  const pattern: string[] = [];
  for (const part of path) {
    const child = childrenOf(schema).find(({ name }) => name === '*' || name === part);
    if (!child) break;
    pattern.push(child.name);
    schema = child.schema;
  }
  const keys = childrenOf(schema).map(({ name }) => name);
  return { pattern: pattern.join('.'), keys: keys.filter((key) => key !== '*'), description: z.globalRegistry.get(schema)?.description, form: formOf(schema) };
}

/** What is to be written where a number or a text may stand, but not any: amounts, durations. They say it of a text that is none. */
function formOf(schema: $ZodType): string | undefined {
  const union = z.safeParse(schema, {}).error?.issues.find((issue) => issue.code === 'invalid_union');
  if (!union?.errors.flat().some((inner) => 'expected' in inner && inner.expected === 'number')) return undefined;
  const issue = z.safeParse(schema, '').error?.issues.find(({ code }) => code === 'custom');
  return (issue as { params?: Partial<Problem> } | undefined)?.params?.suggestion;
}

/** Every key of the format: `servers.*.address`, `projects.*.shared.*.path` … */
export const allKeys = (schema: $ZodType = specSchema, prefix = ''): string[] =>
  childrenOf(schema).flatMap(({ name, schema: child }) => [
    ...(name === '*' ? [] : [prefix + name]),
    ...allKeys(child, `${prefix}${name}.`),
  ]);

/** The keys of the map at a place, each with its schema; none where the place is no map. @param place `['servers', '*']` */
export function keysAt(place: string[]): Child[] {
  let schema: $ZodType | undefined = specSchema;
  for (const part of place) schema = schema && childrenOf(schema).find(({ name }) => name === part)?.schema;
  return schema ? childrenOf(schema).filter(({ name }) => name !== '*') : [];
}

function childrenOf(schema: $ZodType): Child[] {
  const { def } = (schema as $ZodTypes)._zod;
  switch (def.type) {
    case 'object':
      return Object.entries(def.shape).map(([name, child]) => ({ name, schema: child }));
    case 'record':
      return [{ name: '*', schema: def.valueType }];
    case 'array':
      return [{ name: '*', schema: def.element }];
    case 'union':
      return def.options.flatMap(childrenOf);
    case 'optional':
    case 'prefault':
      return childrenOf(def.innerType);
    default:
      return [];
  }
}
