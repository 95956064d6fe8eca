import { isAlias, isMap, isScalar, isSeq, type Alias, type ParsedNode, type YAMLMap } from 'yaml';
import { VAULT } from './later.ts';
import { quote, type Path, type Problem, type TextProblem } from './spec-error.ts';
import { CONTROL, controlCharacter } from './text/control.ts';
import type { Tree } from './tree.ts';

const DEEPEST = 24;
/** Values that aliases may add: enough for honest repetition, too few for a bomb. */
const MOST_REPEATED = 20_000;

/** Turns YAML nodes into plain values with their places, and follows aliases within bounds. */
export class TreeGrower {
  readonly problems: TextProblem[] = [];
  /** Null while the anchor's own node is being read. */
  readonly #anchors = new Map<string, ParsedNode | null>();
  #aliases = 0;
  #repeated = 0;

  grow(node: ParsedNode | null, path: Path = [], key?: number): Tree {
    const start = node?.range[0] ?? key ?? 0;
    const tree: Tree = { value: null, start, key: key ?? start, children: new Map() };
    if (!node || this.#isTooMuch(path, start)) return tree;
    if (isAlias(node)) return this.#follow(node, path, tree);
    const anchor = this.#aliases === 0 ? node.anchor : undefined;
    if (anchor) this.#anchors.set(anchor, null);
    if (node.tag) this.#refuse(path, start, refusedTag(node.tag));
    if (isMap(node)) this.#fillMap(node, path, tree);
    else if (isSeq<ParsedNode>(node)) tree.value = node.items.map((item, index) => plant(tree, index, this.grow(item, [...path, index])));
    else {
      tree.value = node.value;
      if (node.type === 'PLAIN' && node.source !== undefined) tree.source = node.source;
      if (typeof node.value === 'string' && !node.tag) this.#refuse(path, start, refusedText(node.value));
    }
    if (anchor) this.#anchors.set(anchor, node);
    return tree;
  }

  #isTooMuch(path: Path, offset: number): boolean {
    if (path.length > DEEPEST) {
      this.#refuse(path, offset, { message: 'is nested too deeply', suggestion: `a spec needs no more than ${DEEPEST} levels` });
      return true;
    }
    if (this.#aliases === 0 || ++this.#repeated <= MOST_REPEATED) return false;
    const first = this.#repeated === MOST_REPEATED + 1;
    this.#refuse(
      path,
      offset,
      first ? { message: `aliases repeat more than ${MOST_REPEATED} values`, suggestion: 'write less by alias' } : undefined,
    );
    return true;
  }

  #follow(alias: Alias, path: Path, tree: Tree): Tree {
    const target = this.#anchors.get(alias.source);
    if (!target) {
      const name = quote(alias.source);
      const message = target === null ? `the alias ${name} repeats what it is in` : `no anchor ${name} before this alias`;
      this.#refuse(path, tree.start, { message, suggestion: 'write the value out' });
      return tree;
    }
    this.#aliases++;
    const grown = this.grow(target, path);
    this.#aliases--;
    return { ...grown, key: tree.key };
  }

  #fillMap({ items }: YAMLMap.Parsed, path: Path, tree: Tree): void {
    const value = Object.create(null) as Record<string, unknown>;
    tree.value = value;
    for (const { key, value: item } of items) {
      const offset = key.range[0];
      const name = isScalar(key) ? key.source : undefined;
      const problem = refusedKey(name, key, tree);
      this.#refuse(path, offset, problem ?? (key.tag ? refusedTag(key.tag) : refusedText(name ?? '')));
      if (!problem && name !== undefined) value[name] = plant(tree, name, this.grow(item, [...path, name], offset));
    }
  }

  #refuse(path: Path, offset: number, problem: Problem | undefined): void {
    if (problem) this.problems.push({ ...problem, path, offset });
  }
}

function plant(parent: Tree, key: string | number, child: Tree): unknown {
  parent.children.set(key, child);
  return child.value;
}

function refusedKey(name: string | undefined, key: ParsedNode, { children }: Tree): Problem | undefined {
  if (name === undefined) return { message: 'has a key that is not text', suggestion: 'write each key as a plain word' };
  if (name === '__proto__') return { message: '"__proto__" cannot be a key', suggestion: 'leave it out' };
  if (name === '<<' && isScalar(key) && key.type === 'PLAIN') {
    return { message: 'merge keys ("<<") are not supported', suggestion: 'write the lines out' };
  }
  if (children.has(name)) return { message: `the key ${quote(name)} is there twice`, suggestion: 'leave one of them out' };
  return undefined;
}

function refusedTag(tag: string): Problem {
  if (tag === '!vault') return VAULT;
  const message = `the tag ${quote(tag.replace('tag:yaml.org,2002:', '!!'))} is not supported`;
  return { message, suggestion: 'leave the word that begins with "!" out' };
}

function refusedText(text: string): Problem | undefined {
  if (text.startsWith('$ANSIBLE_VAULT;')) return VAULT;
  const found = CONTROL.exec(text)?.[0];
  return found === undefined ? undefined : controlCharacter(found);
}
