import type { Command } from 'commander';

/** The help of a command and of all below it, by the words that call it: `musher plan deploy`. */
export function helpOf(command: Command, words = command.name()): Record<string, string> {
  const below = command.commands.map((inner) => helpOf(inner, `${words} ${inner.name()}`));
  return Object.assign({ [words]: command.helpInformation().trimEnd() }, ...below) as Record<string, string>;
}
