import { stripVTControlCharacters } from 'node:util';
import { paint } from './paint.ts';

const width = (text: string): number => [...stripVTControlCharacters(text)].length;

/** Columns as wide as their widest cell, two spaces apart, under a heading. No rows: ''. */
export function table(heading: string[], rows: string[][]): string {
  if (rows.length === 0) return '';
  const widths = heading.map((title, column) => Math.max(width(title), ...rows.map((row) => width(row[column] ?? ''))));
  const line = (cells: string[]) => cells.map((cell, column) => cell + ' '.repeat(widths[column]! - width(cell))).join('  ').trimEnd();
  return [paint('dim', line(heading)), ...rows.map(line)].join('\n');
}
