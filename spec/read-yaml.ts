import { parseAllDocuments, type Document, type YAMLError } from 'yaml';
import { TreeGrower } from './grow-tree.ts';
import { visible, type TextProblem } from './spec-error.ts';
import { CONTROL, controlCharacter } from './text/control.ts';
import type { Tree } from './tree.ts';

/** One mistake in YAML makes the rest unreadable; what follows it is mostly noise. */
const SHOWN = 10;

/** Reads a text as one YAML 1.2 document, of maps, lists and scalars only. */
export function readYaml(text: string): { tree: Tree; problems: TextProblem[] } | { problems: TextProblem[] } {
  const strange = unprintable(text);
  if (strange.length > 0) return { problems: strange };
  const documents = parseAllDocuments(text, { uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
  const [document, second] = documents;
  if (!document?.contents || 'empty' in documents)
    return { problems: [{ path: [], offset: 0, message: 'is empty', suggestion: 'begin with "version: 1"' }] };
  const errors = documents
    .flatMap(({ errors }) => errors)
    .filter(({ pos }, index, all) => pos[0] !== all[index - 1]?.pos[0])
    .slice(0, SHOWN);
  if (errors.length > 0) return { problems: errors.map(explain) };
  if (second)
    return {
      problems: [
        {
          path: [],
          offset: second.range[0],
          message: 'holds a second document',
          suggestion: 'leave out the line "---"; one file is one spec',
        },
      ],
    };
  const grower = new TreeGrower();
  return hasDirectives(document) ?? { tree: grower.grow(document.contents), problems: grower.problems };
}

/** Control characters; a line break may be LF or CR LF. */
function unprintable(text: string): TextProblem[] {
  const found = [...text.replaceAll('\r\n', ' \n').matchAll(new RegExp(CONTROL, 'gu'))].slice(0, SHOWN);
  return found.map(({ 0: character, index }) => ({ ...controlCharacter(character), path: [], offset: index }));
}

function hasDirectives({ directives }: Document.Parsed): { problems: TextProblem[] } | undefined {
  if (!directives.yaml.explicit && Object.keys(directives.tags).length === 1) return undefined;
  return {
    problems: [{ path: [], offset: 0, message: 'begins with a YAML directive', suggestion: 'leave out the lines that begin with "%"' }],
  };
}

const HINTS: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_INDENT: 'indent the lines of one map or list alike',
  BAD_SCALAR_START: 'put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'put the value in quotes if it holds ": "',
  MISSING_CHAR: 'is a quote, a bracket or a colon missing?',
  MULTILINE_IMPLICIT_KEY: 'is the colon after a key missing?',
  RESOURCE_EXHAUSTION: 'nest less deeply',
};

function explain({ code, message, pos }: YAMLError): TextProblem {
  const said = code === 'RESOURCE_EXHAUSTION' ? 'too deeply nested' : (message.split('\n')[0] ?? '').replace(/:$/, '').slice(0, 200);
  return { path: [], offset: pos[0], message: `is not valid YAML: ${visible(said)}`, suggestion: HINTS[code] ?? 'see the lines just above, too' };
}
