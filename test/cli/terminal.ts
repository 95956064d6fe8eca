import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { plainEnvironment } from './musher.ts';

/** One that `script` makes has none where it was not started in another. */
const SIZE = 'stty cols 120 rows 40';
const MAIN = join(import.meta.dirname, '../../cli/main.ts');

/**
 * Runs the real command in a terminal (of util-linux's `script`). Each step waits until its text has been shown since the last one, then types.
 * Words must be plain: a shell reads them.
 */
export function inTerminal(words: string[], { cwd, env = {} }: { cwd: string; env?: Record<string, string> }, steps: [shown: string, type: string][]): Promise<{ code: number | null; shown: string }> {
  const child = spawn('script', ['-qec', `${SIZE}; exec ${[process.execPath, MAIN, ...words].join(' ')}`, '/dev/null'], { cwd, env: { ...plainEnvironment(), ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = [...steps];
  let shown = '';
  let seen = 0;
  child.stdout.on('data', (data: Buffer) => {
    shown += data.toString();
    const at = waiting[0] ? shown.indexOf(waiting[0][0], seen) : -1;
    if (at < 0) return;
    const [text, type] = waiting.shift()!;
    seen = at + text.length;
    child.stdin.write(type);
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, shown })));
}
