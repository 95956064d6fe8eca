import { presetDocroot, presetShared } from '../../spec/presets.ts';
import { quote } from '../../spec/spec-error.ts';
import { checkRelativePath, holds, plainPath } from '../../spec/text/path.ts';
import type { Answers, Read } from './answers.ts';
import { listed } from './read-servers.ts';

/** Reads `uploads, private`: folders of a release, none of them inside another. */
export function readShared(text: string): Read<string[]> {
  const entries = listed(text);
  const problem = entries.map(checkRelativePath).find(Boolean);
  if (problem) return { problem };
  const shared = [...new Set(entries.map(plainPath))];
  for (const inner of shared) {
    const outer = shared.find((other) => other !== inner && holds(other, inner));
    if (outer !== undefined) return { problem: { message: `${quote(inner)} is inside ${quote(outer)}, which is shared as a whole`, suggestion: 'leave one of them out' } };
  }
  return { value: shared };
}

/** Whether there is a storage for what outlives releases, and nothing that does: neither named, nor by the preset of `app`. */
export const isUnshared = ({ storage, shared = [], app }: Partial<Answers>): boolean =>
  storage !== undefined && shared.length === 0 && app !== undefined && presetShared(app, presetDocroot(app)).length === 0;
