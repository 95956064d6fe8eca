import { createHash } from 'node:crypto';
import type { Spec } from './spec.ts';

/**
 * JSON with every map's keys in order (by UTF-16 unit) and no spaces: equal values have equal texts.
 * What JSON cannot say it treats as `JSON.stringify` does: `undefined` is left out of maps and is null in lists.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${entries
    .sort(byKey)
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`)
    .join(',')}}`;
}

/** SHA-256 of a text, as `sha256:` and 64 hexadecimal digits. */
export const hashOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** The hash of a spec's canonical JSON. */
export const specHash = (spec: Spec): string => hashOf(canonicalJson(spec));

const byKey = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);
