import { shellWord } from '../../contract/shell-word.ts';

/** A command that the user may type next, on the spec that this one was told of. @param file as `--file` said. */
export const nextCommand = (words: string, file: string | undefined): string => `musher ${words}${file === undefined ? '' : ` --file ${shellWord(file)}`}`;
