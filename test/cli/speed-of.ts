import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { plainEnvironment } from './musher.ts';

/** A process that does nothing but work: on a machine that has nothing else to do it takes as long as its processor's time. */
const WORK = 'for (const end = process.cpuUsage(); process.cpuUsage(end).user < 100_000;);';
/** Up to which a machine counts as one that has nothing else to do. */
const QUIET = 1.2;
const ROUNDS = 7;

interface Times {
  /** Seconds: by the clock, and of the processor. */
  wall: number;
  cpu: number;
}

/**
 * How long a command takes, of several rounds: the processor's time in the best of them, and the time by the clock. The latter is the median of
 * those rounds in which the machine was quiet. Where it never was, the best of all, by as much less as the machine let a process that only works wait.
 */
export async function speedOf(command: string, args: readonly string[], options: { cwd: string; env: Record<string, string> }): Promise<Times> {
  const rounds: (Times & { busy: number })[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const work = await timed(process.execPath, ['-e', WORK], options);
    rounds.push({ ...(await timed(command, args, options)), busy: work.wall / work.cpu });
  }
  const quiet = rounds.filter(({ busy }) => busy <= QUIET).map(({ wall }) => wall).sort((a, b) => a - b);
  const wall = quiet.length >= 3 ? quiet[quiet.length >> 1]! : Math.min(...rounds.map(({ wall, busy }) => wall / Math.max(1, busy)));
  return { wall, cpu: Math.min(...rounds.map(({ cpu }) => cpu)) };
}

async function timed(command: string, args: readonly string[], { cwd, env }: { cwd: string; env: Record<string, string> }): Promise<Times> {
  const words = ['-c', 'TIMEFORMAT="%3R %3U %3S"; time "$0" "$@" >/dev/null', command, ...args];
  const { stderr } = await promisify(execFile)('bash', words, { cwd, env: { ...plainEnvironment(), ...env, LC_ALL: 'C' } });
  const [wall, user, system] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number) as [number, number, number];
  return { wall, cpu: user + system };
}
