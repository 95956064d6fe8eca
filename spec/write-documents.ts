import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchema } from './json-schema.ts';
import { referencePage } from './reference.ts';

const DOCS = join(import.meta.dirname, '../docs');

export interface MadeDocument {
  path: string;
  /** As it is. */
  text: string;
  /** As the schema has it. */
  made: string;
}

/** The documents that are made from the schema. */
export function madeDocuments(): MadeDocument[] {
  const schema = join(DOCS, 'musher.schema.json');
  const page = join(DOCS, 'spec.md');
  return [
    { path: schema, text: read(schema), made: `${JSON.stringify(jsonSchema(), null, 2)}\n` },
    { path: page, text: read(page), made: referencePage(read(page)) },
  ];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

// node spec/write-documents.ts --write
if (import.meta.main && process.argv.includes('--write')) for (const { path, made } of madeDocuments()) writeFileSync(path, made);
