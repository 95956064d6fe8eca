import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lab } from '../../lab/lab.ts';

/** Where figures are written. */
export const build = join(import.meta.dirname, '../../build/bench');
export const labName = `bench-${process.pid}`;
export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** A folder that is this bench's own. */
export async function ownFolder(): Promise<string> {
  await mkdir(build, { recursive: true });
  return mkdtemp(join(tmpdir(), 'bench-'));
}

/** Each is the first one as often as it may be: what comes after a cold start of the machine must not always be the same one. */
export const turned = <T>(all: readonly T[], by: number): T[] => all.map((_, n) => all[(n + by) % all.length]!);

/**
 * Measures, and then takes everything away, once, whatever came of it and whoever ends it; what does not go is said, and stops nothing else from going.
 *
 * @param folder of `ownFolder`; it goes with the lab.
 * @param close ends what runs beside the lab, before that goes.
 */
export async function runBench(folder: string, measure: () => Promise<void>, close: () => Promise<unknown>[]): Promise<void> {
  const takeAway = async (): Promise<void> => {
    const closed = await Promise.allSettled(close());
    const gone = await Promise.allSettled([Lab.down(labName), rm(folder, { recursive: true, force: true })]);
    if (gone.some(({ status }) => status === 'rejected')) process.exitCode = 1;
    for (const result of [...closed, ...gone]) if (result.status === 'rejected') say(`clean-up: ${String(result.reason).slice(0, 500)}`);
  };
  let cleaning: Promise<void> | undefined;
  const cleanUp = (): Promise<void> => (cleaning ??= takeAway());
  // Not `once`: execa ends the process on a signal that nobody else listens to, and a listener that is spent does not count.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void cleanUp().then(() => process.exit(130)));
  try {
    await measure();
  } catch (error) {
    // A command's whole output would bury what it says last.
    const { shortMessage, all, message } = error as { shortMessage?: string; all?: string; message: string };
    say([shortMessage ?? message, ...(all ?? '').split('\n').slice(-15)].join('\n').slice(-4000));
    process.exitCode = 1;
  } finally {
    await cleanUp();
  }
}
