import { quote } from './spec-error.ts';

const LONGEST = 64;

/** The name nearest to a misspelt one: at most a third of its letters differ. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  if (name.length > LONGEST) return undefined;
  const meant = name.toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    if (candidate.length > LONGEST || Math.abs(candidate.length - name.length) >= least) continue;
    const edits = distance(meant, candidate.toLowerCase(), least);
    if (edits < least) [best, least] = [candidate, edits];
    if (least === 0) break;
  }
  return best;
}

export const didYouMean = (name: string): string => `did you mean ${quote(name)}?`;

/** For a name that must be one of others: the nearest one, or all there are where they are few. */
export function suggestName(name: string, names: readonly string[], kind: string): string {
  const near = nearest(name, names);
  if (near !== undefined) return didYouMean(near);
  if (names.length === 0) return `there is none yet`;
  const shown = names.slice(0, 12).map(quote).join(', ');
  return `${kind}s here: ${shown}${names.length > 12 ? ` and ${names.length - 12} more` : ''}`;
}

/**
 * Edits that make one text the other: a letter put in, left out, replaced, or swapped with its neighbour
 * (V. Levenshtein, 1966; swaps after F. Damerau, 1964: "optimal string alignment").
 *
 * @param limit as many edits as do not matter any more: what is as far or further is told as `limit`, and sooner.
 */
export function distance(from: string, to: string, limit = Infinity): number {
  if (limit <= 1) return from === to ? 0 : limit;
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    let least = i;
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? before[j - 2]! + 1 : Infinity;
      next.push(Math.min(replaced, swapped, row[j]! + 1, next[j - 1]! + 1));
      least = Math.min(least, next[j]!);
    }
    // No later row has less than the least of this one.
    if (least >= limit) return limit;
    [before, row] = [row, next];
  }
  return Math.min(row.at(-1)!, limit);
}
