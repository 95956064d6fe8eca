/** Numbers that look random and are the same for the same seed, on every machine: from 0 up to, not including, 1. */
export function randomOf(seed: string): () => number {
  let state = 2166136261;
  for (const letter of seed) state = Math.imul(state ^ letter.codePointAt(0)!, 16777619);
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** One of them. */
export const pick = <T>(random: () => number, from: readonly T[]): T => from[Math.floor(random() * from.length)]!;

/** The same in another order. */
export function shuffled<T>(random: () => number, from: readonly T[]): T[] {
  const left = [...from];
  return Array.from(from, () => left.splice(Math.floor(random() * left.length), 1)[0]!);
}

/** Deals from a pack that is shuffled each time it has been dealt: each comes as often as any other. */
export function dealer<T>(random: () => number, cards: readonly T[]): () => T {
  let pack: T[] = [];
  return () => {
    if (pack.length === 0) pack = shuffled(random, cards);
    return pack.pop()!;
  };
}
