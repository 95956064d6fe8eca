import { z } from 'zod';
import type { $ZodType, $ZodTypes } from 'zod/v4/core';
import { keysAt, type Child } from './schema-at.ts';

const HEAD = '| key | type | default | meaning |\n| --- | --- | --- | --- |\n';

/**
 * The page docs/spec.md with its tables of keys made anew. A heading says which map a table is about: ``## `servers.NAME` ``; what else is on the
 * page is left as it is.
 */
export function referencePage(page: string): string {
  return page
    .split(/^(?=##+ )/m)
    .map((section) => {
      const [, heading = ''] = /^##+ `(.+)`/.exec(section) ?? [];
      const start = section.indexOf(HEAD);
      if (start < 0) return section;
      const end = section.indexOf('\n\n', start);
      const place = heading.replaceAll('[]', '.*').replaceAll('NAME', '*').split('.').filter(Boolean);
      return `${section.slice(0, start)}${HEAD}${keysAt(place).map(row).join('\n')}${end < 0 ? '\n' : section.slice(end)}`;
    })
    .join('');
}

function row({ name, schema }: Child): string {
  const { description = '', more } = metaOf(schema);
  return `| \`${name}\` | ${typeOf(schema)} | ${defaultOf(schema)} | ${[description, more].filter(Boolean).join('. ')} |`;
}

interface Meta {
  description?: string;
  more?: string;
  form?: string;
  preset?: string;
}

const metaOf = (schema: $ZodType): Meta => (z.globalRegistry.get(schema) ?? {}) as Meta;

function defaultOf(schema: $ZodType): string {
  const { def } = (schema as $ZodTypes)._zod;
  if (def.type === 'optional') return metaOf(schema).preset ?? 'none';
  if (def.type !== 'prefault') return 'required';
  return `\`${typeof def.defaultValue === 'string' ? def.defaultValue : JSON.stringify(def.defaultValue)}\``;
}

function typeOf(schema: $ZodType): string {
  const { form } = metaOf(schema);
  if (form !== undefined) return form;
  const { def } = (schema as $ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'prefault':
      return typeOf(def.innerType);
    case 'literal':
      return def.values.map((value) => `\`${String(value)}\``).join(' or ');
    case 'enum':
      return Object.values(def.entries).map((value) => `\`${value}\``).join(', ').replace(/, (?=[^,]*$)/, ' or ');
    case 'number': {
      const { minValue, maxValue } = schema as z.ZodNumber;
      return `${minValue} to ${maxValue}`;
    }
    case 'boolean':
      return 'true or false';
    case 'array':
      return listOf(def.element);
    case 'record':
      return 'map by name';
    default:
      return 'map';
  }
}

function listOf(element: $ZodType): string {
  const { form } = metaOf(element);
  return form === undefined ? 'list' : `list of ${form}s`;
}
