import { execa } from 'execa';
import { place } from './place.ts';
import { CommandFailed } from './tell-failure.ts';

/** Types a command as a user would: shows it, runs it, and lets its output through. @throws {CommandFailed} */
export async function type(...words: string[]): Promise<{ seconds: number }> {
  process.stdout.write(`\n\x1b[1m$ musher ${words.join(' ')}\x1b[22m\n`);
  const started = performance.now();
  const { failed, exitCode, signal, shortMessage } = await execa(place.bin, words, { cwd: place.folder, env: environment(), stdio: 'inherit', reject: false });
  if (failed) throw new CommandFailed(words, exitCode !== undefined ? `ended with ${exitCode}` : signal !== undefined ? `was ended by ${signal}` : `could not be run: ${shortMessage}`);
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

/** What a command prints with `--json`. @throws {CommandFailed} */
export async function ask<T>(...words: string[]): Promise<T> {
  const { stdout, failed, stderr } = await execa(place.bin, [...words, '--json'], { cwd: place.folder, env: environment(), reject: false });
  if (failed) throw new CommandFailed(words, `failed: ${stderr.trim().slice(-1000)}`);
  return JSON.parse(stdout) as T;
}

export const environment = (): Record<string, string | undefined> => ({
  MUSHER_HOME: place.home,
  TEMPORAL_ADDRESS: undefined,
  TEMPORAL_PROFILE: undefined,
  TEMPORAL_CONFIG_FILE: undefined,
});
