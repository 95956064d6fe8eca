import type { Problem } from '../spec-error.ts';

/** A character that does something rather than stand for itself; line feeds and tabs aside. */
export const CONTROL = /(?![\n\t])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

export const controlCharacter = (character: string): Problem => ({
  message: `holds the control character U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  suggestion: 'take it out',
});
