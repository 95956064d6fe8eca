import { oneOf, quote, type Path, type TreeProblem } from '../spec-error.ts';
import { entriesAt, isMap, valueAt, type Tree } from '../tree.ts';

const KINDS = ['directory', 'archive', 'git'] as const;

/** A source is one of three; a checksum goes with an archive, and a ref with git. */
export const checkSources = (tree: Tree): TreeProblem[] =>
  entriesAt(tree, 'projects').flatMap(([project]) => {
    const path = ['projects', project, 'source'];
    const source = valueAt(tree, ...path);
    return isMap(source) ? [...checkKind(source, path), ...checkRefs(tree, project, source)] : [];
  });

function checkKind(source: Record<string, unknown>, path: Path): TreeProblem[] {
  const [first, ...more] = KINDS.filter((kind) => kind in source);
  if (!first) return [{ path, message: 'says nowhere where the code is', suggestion: `write ${oneOf(KINDS)}` }];
  if (more.length > 0) {
    return more.map((kind) => ({
      path: [...path, kind],
      at: 'key',
      message: `a source is one thing, and this one is ${quote(first)} already`,
      suggestion: 'leave one of them out',
    }));
  }
  if (first === 'archive' && !('sha256' in source)) {
    return [{ path: [...path, 'archive'], message: 'needs a checksum', suggestion: 'add "sha256": what sha256sum prints for the file' }];
  }
  if (first !== 'archive' && 'sha256' in source)
    return [{ path: [...path, 'sha256'], at: 'key', message: 'belongs to an archive', suggestion: 'leave it out' }];
  return [];
}

function checkRefs(tree: Tree, project: string, source: Record<string, unknown>): TreeProblem[] {
  const isGit = 'git' in source;
  if (!isGit && !KINDS.some((kind) => kind in source)) return [];
  return entriesAt(tree, 'projects', project, 'environments').flatMap(([name, environment]): TreeProblem[] => {
    const path = ['projects', project, 'environments', name];
    if (!isMap(environment.value) || isGit === 'ref' in environment.value) return [];
    if (isGit)
      return [{ path: [...path, 'ref'], message: 'is missing', suggestion: 'add "ref": the branch, tag or commit to deploy from git' }];
    return [{ path: [...path, 'ref'], at: 'key', message: 'belongs to a git source', suggestion: 'leave it out' }];
  });
}
