import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { commonEnvironment } from './ansible-environment.ts';
import type { RunSettings } from './run-request.ts';

const PROGRAM = join(import.meta.dirname, 'supervisor', 'nursery.py');
/** As long as a path can be; the nursery's forks write the folder of their run over it. */
const ROOM_FOR_MARK = '-'.repeat(4096);
const LENGTH_DIGITS = 10;
/** For an answer, the first imports included; a run does not wait longer for what only saves it time. */
const PATIENCE_MS = 30_000;

export interface WarmStart {
  folder: string;
  environment: Record<string, string>;
  job: unknown;
}

export interface WarmRun {
  /** The supervisor's exit code (negative: a signal ended it), or undefined if the nursery was gone before. */
  ended: Promise<number | undefined>;
}

/** A process that has imported Ansible and forks supervisors. It ends with this process; what it forked does not. */
export class Nursery {
  alive = true;
  readonly #child: ChildProcess;
  readonly #asked: PromiseWithResolvers<WarmRun>[] = [];
  readonly #running = new Map<number, (code: number | undefined) => void>();

  constructor({ python, playbooksFolder, modulesFolder }: RunSettings, env: Record<string, string>) {
    this.#child = spawn(python, ['-I', '-B', PROGRAM, modulesFolder], { cwd: playbooksFolder, env: { ...env, MUSHER_RUN: ROOM_FOR_MARK }, detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child.on('error', () => this.#end());
    const { stdin, stdout } = this.#child as ChildProcess & { stdin: Socket; stdout: Socket };
    stdin.on('error', () => this.#end());
    // A worker that has nothing else to do may end.
    for (const handle of [this.#child, stdin, stdout]) handle.unref();
    createInterface({ input: stdout }).on('line', (line) => this.#hear(JSON.parse(line) as { pid: number; code?: number })).on('close', () => this.#end());
  }

  start(request: WarmStart): Promise<WarmRun> {
    const text = Buffer.from(JSON.stringify(request));
    const asked = Promise.withResolvers<WarmRun>();
    this.#asked.push(asked);
    this.#child.stdin?.write(Buffer.concat([Buffer.from(String(text.length).padStart(LENGTH_DIGITS, '0')), text]));
    const timer = setTimeout(() => this.close(), PATIENCE_MS);
    const settled = (): void => clearTimeout(timer);
    asked.promise.then(settled, settled);
    return asked.promise;
  }

  close(): void {
    this.#child.kill('SIGKILL');
    this.#end();
  }

  /** Of a start the pid, of an end also the code; starts are told in the order in which they were asked for. */
  #hear({ pid, code }: { pid: number; code?: number }): void {
    if (code === undefined) {
      this.#asked.shift()?.resolve({ ended: new Promise((resolve) => this.#running.set(pid, resolve)) });
    } else {
      this.#running.get(pid)?.(code);
      this.#running.delete(pid);
    }
  }

  #end(): void {
    this.alive = false;
    for (const { reject } of this.#asked.splice(0)) reject(new Error('The nursery is gone.'));
    for (const resolve of this.#running.values()) resolve(undefined);
    this.#running.clear();
  }
}

const nurseries = new Map<string, Nursery>();

/**
 * Starts a supervisor by this worker's nursery. Rejects when there can be none: the run is then to be started without.
 */
export async function startWarm(settings: RunSettings, request: WarmStart): Promise<WarmRun> {
  return openNursery(settings).start(request);
}

/** Starts the nursery that these settings ask for, if there is none: the sooner, the less the first run waits for its imports. */
export function openNursery(settings: RunSettings): Nursery {
  const environment = commonEnvironment(settings);
  const key = JSON.stringify([settings.python, settings.playbooksFolder, settings.modulesFolder, environment]);
  let nursery = nurseries.get(key);
  if (!nursery?.alive) nurseries.set(key, (nursery = new Nursery(settings, environment)));
  return nursery;
}

/** Ends all nurseries of this process; the runs that they started go on. */
export function closeNurseries(): void {
  for (const nursery of nurseries.values()) nursery.close();
  nurseries.clear();
}
