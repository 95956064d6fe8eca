import { z } from 'zod';
import { specSchema } from './schema.ts';

/** What `docs/spec.md` alone makes use of. */
const OF_THE_PAGE = ['form', 'preset'];

/**
 * The form of `musher.yml` as a JSON Schema (draft 7, which editors read), made from what the parser itself checks with. What it refuses, the parser
 * refuses; the parser also checks what values must be to one another, and what is in most texts.
 */
export function jsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(specSchema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema: json }) => {
      for (const word of OF_THE_PAGE) delete json[word];
      if (typeof json['more'] === 'string') json.description = `${json.description}. ${json['more']}`;
      delete json['more'];
    },
  });
  return { $schema, title: 'musher.yml', description: 'Which servers there are, which of them serve together, and what runs on them', ...schema };
}
