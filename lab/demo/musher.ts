import { execa } from 'execa';
import { place } from './place.ts';

/** Types a command as a user would: shows it, runs it, and lets its output through. */
export async function type(...words: string[]): Promise<{ seconds: number }> {
  process.stdout.write(`\n\x1b[1m$ musher ${words.join(' ')}\x1b[22m\n`);
  const started = performance.now();
  await execa(place.bin, words, { cwd: place.folder, env: environment(), stdio: 'inherit' });
  return { seconds: (performance.now() - started) / 1000 };
}

/** Types commands, one after another, and lets them go on in the background, where nobody sees what they print: `musher watch` tells how they ended. */
export async function typeInBackground(...commands: string[][]): Promise<void> {
  process.stdout.write(`\n\x1b[1m$ ${commands.map((words) => `musher ${words.join(' ')}`).join(' && ')} &\x1b[22m\n`);
  for (const words of commands) {
    const { failed } = await execa(place.bin, words, { cwd: place.folder, env: environment(), stdio: 'ignore', reject: false });
    if (failed) return;
  }
}

/** What a command prints with `--json`. */
export async function ask<T>(...words: string[]): Promise<T> {
  const { stdout } = await execa(place.bin, [...words, '--json'], { cwd: place.folder, env: environment() });
  return JSON.parse(stdout) as T;
}

export const environment = (): Record<string, string | undefined> => ({
  MUSHER_HOME: place.home,
  TEMPORAL_ADDRESS: undefined,
  TEMPORAL_PROFILE: undefined,
  TEMPORAL_CONFIG_FILE: undefined,
});
