import type { Path } from './spec-error.ts';

/** What a YAML file holds, as plain values, with the place of each. Maps have no prototype. */
export interface Tree {
  value: unknown;
  /** Offsets in the text; the key's equals the value's where there is none. */
  key: number;
  start: number;
  /** As it is written, where it is a plain scalar. */
  source?: string;
  children: Map<string | number, Tree>;
}

/** The place of a path, or of the nearest one above it that exists. */
export function placeOf(tree: Tree, path: Path): Tree {
  let place = tree;
  for (const part of path) {
    const child = place.children.get(part);
    if (!child) break;
    place = child;
  }
  return place;
}

/** The entries of the map at a path; none where there is something else. */
export const entriesAt = (tree: Tree, ...path: Path): [string, Tree][] => {
  const place = treeAt(tree, path);
  return place && isMap(place.value) ? ([...place.children] as [string, Tree][]) : [];
};

/** The texts of the list at a path with their paths; other values are passed over. */
export const textsAt = (tree: Tree, ...path: Path): { text: string; path: Path }[] =>
  listAt(tree, ...path).flatMap(([{ value }, at]) => (typeof value === 'string' ? [{ text: value, path: at }] : []));

/** The items of the list at a path, each with its own path. */
export const listAt = (tree: Tree, ...path: Path): [Tree, Path][] => {
  const place = treeAt(tree, path);
  return place && Array.isArray(place.value) ? [...place.children].map(([index, child]) => [child, [...path, index]]) : [];
};

/** The value at a path, if it is there. */
export const valueAt = (tree: Tree, ...path: Path): unknown => treeAt(tree, path)?.value;

export const textAt = (tree: Tree, ...path: Path): string | undefined => {
  const value = valueAt(tree, ...path);
  return typeof value === 'string' ? value : undefined;
};

export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function treeAt(tree: Tree, path: Path): Tree | undefined {
  let place: Tree | undefined = tree;
  for (const part of path) place = place?.children.get(part);
  return place;
}
