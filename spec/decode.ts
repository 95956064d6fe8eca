import type { Problem } from './spec-error.ts';

/** Above this a spec, with its defaults filled in, would come near Temporal's 2 MB for an input. */
export const LARGEST_SPEC = 512 * 1024;

export const tooLarge = (bytes: number): Problem => ({
  message: `is too large: ${bytes} bytes; a spec has at most ${LARGEST_SPEC}`,
  suggestion: 'split it by group into several files',
});

/** A file's bytes as text: UTF-8, with or without its mark. */
export function decode(input: string | Uint8Array): { text: string } | { problem: Problem } {
  const size = typeof input === 'string' ? Buffer.byteLength(input) : input.byteLength;
  if (size > LARGEST_SPEC) return { problem: tooLarge(size) };
  if (typeof input === 'string') return { text: input.replace(/^\uFEFF/, '') };
  if ((input[0] === 0xff && input[1] === 0xfe) || (input[0] === 0xfe && input[1] === 0xff)) {
    return { problem: { message: 'is written in UTF-16', suggestion: 'save it as UTF-8' } };
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(input) };
  } catch {
    return { problem: { message: 'is not text in UTF-8', suggestion: 'save it as UTF-8; is it the right file?' } };
  }
}
