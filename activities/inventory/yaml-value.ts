import type { Json } from './json.ts';

/** Longest text, with its escapes, that YAML takes as a key without a question mark; the standard says 1,024. */
const LONGEST_PLAIN_KEY = 1000;

/**
 * A JSON value as YAML 1.1 in flow style, on one line of printable ASCII. Every text is double-quoted with all that
 * YAML could take for something else escaped, so that it is read back as exactly that text.
 *
 * Throws a TypeError for what YAML or a host cannot hold: a lone surrogate, a NUL, a number that is not finite.
 */
export function yamlValue(value: Json): string {
  if (typeof value === 'string') return yamlText(value);
  if (typeof value === 'number') return yamlNumber(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${value.map(yamlValue).join(', ')}]`;
  if (typeof value === 'object') return `{${Object.entries(value).map(yamlEntry).join(', ')}}`;
  throw new TypeError(`A ${typeof value} is no value for Ansible`);
}

function yamlEntry([name, value]: [string, Json]): string {
  const key = yamlText(name);
  return `${key.length > LONGEST_PLAIN_KEY ? '? ' : ''}${key}: ${yamlValue(value)}`;
}

function yamlText(text: string): string {
  if (!text.isWellFormed()) throw new TypeError(`A text with half a character (a lone surrogate) is no value for Ansible: ${JSON.stringify(text)}`);
  if (text.includes('\0')) throw new TypeError(`A text with a NUL is no value for Ansible: ${JSON.stringify(text)}`);
  return `"${text.replace(/["\\]|[^ -~]/gu, escapeCharacter)}"`;
}

function escapeCharacter(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  const code = character.codePointAt(0)!.toString(16).toUpperCase();
  return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
}

/** YAML 1.1 takes `1e+21` for a text: a fraction makes it a number. */
function yamlNumber(number: number): string {
  if (!Number.isFinite(number)) throw new TypeError(`${number} is no value for Ansible`);
  return String(number).replace(/^(-?\d+)e/, '$1.0e');
}
