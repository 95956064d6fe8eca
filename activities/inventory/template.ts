import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { yamlValue } from './yaml-value.ts';

// An instance of our own: no other code's helpers and partials, and ours reach nobody.
const handlebars = Handlebars.create();
handlebars.registerHelper('yaml', yamlValue);

/** The template FILE beside this module, as a function of its data. A name that the data lacks is an error, not an empty text. */
export function template(file: string): (data: object) => string {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return handlebars.compile(text, { strict: true, noEscape: true });
}
