import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../../cli/main.ts');

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

const running = new Set<ChildProcess>();

/** Ends what a failed test may have left. */
export function endAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** What a command is run with: nothing of Temporal's or Musher's that is set for whoever runs the tests. */
export const plainEnvironment = (): NodeJS.ProcessEnv => Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TEMPORAL_|MUSHER_|NO_COLOR|FORCE_COLOR)/.test(name)));

interface MusherOptions {
  cwd?: string;
  env?: Record<string, string>;
  interruptAfter?: string;
  /** The command's own file, where it is that of a copy. */
  main?: string;
}

/** Runs the real command in a process of its own; `interruptAfter` a text has been printed, it gets Ctrl-C. */
export function musher(args: string[], { cwd, env = {}, interruptAfter, main = MAIN }: MusherOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...plainEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  child.on('close', () => running.delete(child));
  let stdout = '';
  let stderr = '';
  let interrupted = false;
  const interrupt = () => {
    if (interruptAfter && !interrupted && (stdout + stderr).includes(interruptAfter)) interrupted = child.kill('SIGINT');
  };
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString();
    interrupt();
  });
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString();
    interrupt();
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}
