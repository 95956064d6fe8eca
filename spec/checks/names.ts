import type { TreeProblem } from '../spec-error.ts';
import { checkLabel, checkPart } from '../text/label.ts';
import { entriesAt, isMap, valueAt, type Tree } from '../tree.ts';

/** Every name is a label: names become hosts of Ansible, folders, users and parts of units. There is one at least, but for projects. */
export function checkNames(tree: Tree): TreeProblem[] {
  const environments = entriesAt(tree, 'projects').map(([name]) => ['projects', name, 'environments']);
  const full = [['servers'], ['groups'], ...environments];
  return [...full.flatMap((path) => checkEmpty(tree, path)), ...[['projects'], ...full].flatMap((path) => checkEach(tree, path))];
}

function checkEach(tree: Tree, path: string[]): TreeProblem[] {
  return entriesAt(tree, ...path).flatMap(([name]): TreeProblem[] => {
    const problem = path[0] === 'projects' ? checkPart(name) : checkLabel(name);
    return problem ? [{ path: [...path, name], at: 'key', ...problem }] : [];
  });
}

function checkEmpty(tree: Tree, path: string[]): TreeProblem[] {
  const value = valueAt(tree, ...path);
  return isMap(value) && Object.keys(value).length === 0 ? [{ path, message: 'is an empty map', suggestion: 'write at least one' }] : [];
}
