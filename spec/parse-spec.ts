import { resolve } from 'node:path';
import { LineCounter } from 'yaml';
import { checkAll } from './checks/all.ts';
import { decode } from './decode.ts';
import { explainIssue } from './explain-issue.ts';
import { normalise } from './normalise.ts';
import { readYaml } from './read-yaml.ts';
import { specSchema } from './schema.ts';
import { pathText, type Problem, type SpecError, type TextProblem, type TreeProblem } from './spec-error.ts';
import type { Spec } from './spec.ts';
import { placeOf, type Tree } from './tree.ts';

export type SpecResult = { spec: Spec } | { errors: SpecError[] };

/**
 * Reads the text of a `musher.yml`.
 *
 * @param file its path: it stands in the errors, and relative paths in the text are seen from its folder.
 * @returns the spec with all defaults filled in, or every error of the file, in the file's order. It never throws.
 */
export function parseSpec(text: string | Uint8Array, file: string): SpecResult {
  const decoded = decode(text);
  if ('problem' in decoded) return { errors: [wholeFile(file, decoded.problem)] };
  const refuse = (problems: TextProblem[]): SpecResult => ({ errors: inPlace(problems, decoded.text, file) });
  const read = readYaml(decoded.text);
  if (!('tree' in read)) return refuse(read.problems);
  const { tree } = read;
  const parsed = specSchema.safeParse(tree.value);
  const issues = (parsed.error?.issues ?? []).flatMap((issue) => explainIssue(issue, tree));
  // Of a value that could not be read, its form says nothing more.
  const unread = new Set(read.problems.map(({ offset }) => offset));
  const found = [...issues, ...checkAll(tree)].map((problem) => located(problem, tree)).filter(({ offset }) => !unread.has(offset));
  const problems = [...read.problems, ...found];
  return problems.length > 0 || !parsed.success ? refuse(problems) : { spec: normalise(parsed.data, resolve(file)) };
}

/** A problem that has no line. */
export const wholeFile = (file: string, problem: Problem): SpecError => ({ file, line: 1, column: 1, path: '', ...problem });

function located({ at, ...problem }: TreeProblem, tree: Tree): TextProblem {
  const place = placeOf(tree, problem.path);
  return { ...problem, offset: at === 'key' ? place.key : place.start };
}

function inPlace(problems: TextProblem[], text: string, file: string): SpecError[] {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = -1; (at = text.indexOf('\n', at + 1)) >= 0;) lines.addNewLine(at + 1);
  return problems
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ offset, path, message, suggestion }) => {
      const { line, col } = lines.linePos(offset);
      return { file, line, column: col, path: pathText(path), message, ...(suggestion && { suggestion }) };
    });
}
