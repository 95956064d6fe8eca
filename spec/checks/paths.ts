import { APPS, presetDocroot, presetShared } from '../presets.ts';
import { quote, type Path, type TreeProblem } from '../spec-error.ts';
import { checkDocroot, checkRelativePath, holds, plainDocroot, plainPath } from '../text/path.ts';
import { entriesAt, listAt, textAt, valueAt, type Tree } from '../tree.ts';

interface Shared {
  shared: string;
  path: Path;
}

/** Shared paths are links into a release: none may be in another, nor be or hold the document root. */
export const checkPaths = (tree: Tree): TreeProblem[] =>
  entriesAt(tree, 'projects').flatMap(([project]) => {
    const path = ['projects', project];
    const app = APPS.find((name) => name === textAt(tree, ...path, 'app'));
    const stated = textAt(tree, ...path, 'docroot');
    const valid = stated === undefined ? app !== undefined : !checkDocroot(stated);
    const docroot = stated === undefined ? presetDocroot(app ?? 'php') : plainDocroot(stated);
    const own = sharedAt(tree, path);
    const shared = own ?? presetShared(app ?? 'php', docroot).map((preset) => ({ shared: preset.path, path: [...path, 'docroot'] }));
    return [...checkOverlaps(own ?? []), ...(valid ? checkAboveDocroot(shared, docroot) : [])];
  });

/** The stated shared paths that are paths at all. */
function sharedAt(tree: Tree, project: Path): Shared[] | undefined {
  if (valueAt(tree, ...project, 'shared') === undefined) return undefined;
  return listAt(tree, ...project, 'shared').flatMap(([item, path]) => {
    const text = typeof item.value === 'string' ? item.value : textAt(item, 'path');
    return text === undefined || checkRelativePath(text)
      ? []
      : [{ shared: plainPath(text), path: typeof item.value === 'string' ? path : [...path, 'path'] }];
  });
}

function checkOverlaps(shared: Shared[]): TreeProblem[] {
  const before = new Set<string>();
  const all = new Set(shared.map(({ shared }) => shared));
  return shared.flatMap(({ shared: text, path }): TreeProblem[] => {
    if (before.has(text)) return [{ path, message: `${quote(text)} is listed twice`, suggestion: 'leave one of them out' }];
    before.add(text);
    const outer = parentsOf(text).find((parent) => all.has(parent));
    return outer === undefined
      ? []
      : [{ path, message: `${quote(text)} is inside ${quote(outer)}, which is shared as a whole`, suggestion: 'leave one of them out' }];
  });
}

const checkAboveDocroot = (shared: Shared[], docroot: string): TreeProblem[] =>
  shared
    .filter(({ shared: text }) => docroot && holds(text, docroot))
    .map(({ shared: text, path }) => ({
      path,
      message: text === docroot ? `${quote(text)} is the document root` : `${quote(text)} holds the document root ${quote(docroot)}`,
      suggestion: 'share only the folders in it that users fill, such as uploads',
    }));

/** `a/b/c`: `a`, `a/b` */
const parentsOf = (path: string): string[] => [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));
