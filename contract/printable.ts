import { stripVTControlCharacters } from 'node:util';

const CONTROLS = /(?!\n|\t)[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Text of others (a host, a spec, a hook) without anything that a terminal would obey. Lines stay lines. */
export const printable = (text: string): string => stripVTControlCharacters(text.replaceAll('\r\n', '\n')).replace(CONTROLS, '\uFFFD');

/** The same on one line, cut to `length` characters. */
export function printableLine(text: string, length = Infinity): string {
  const line = [...printable(text).replace(/\s+/g, ' ').trim()];
  return line.length > length ? `${line.slice(0, length - 1).join('')}…` : line.join('');
}
