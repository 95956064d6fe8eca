import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventFile } from './event-file.ts';
import type { OutcomeReader } from './outcome.ts';
import { isKept, readExit, type RunExit } from './run-folder.ts';
import { RunDetached } from './run-failure.ts';
import type { RunHooks } from './run-request.ts';
import { stopRun } from './stop-run.ts';

const INTERVAL_MS = 100;

/** A run's folder as one worker reads it: the events it has taken in stay taken in over a further start. */
export class RunFollower {
  readonly #folder: string;
  readonly #reader: OutcomeReader;
  readonly #hooks: RunHooks;
  readonly #events: EventFile;
  #told = '';

  constructor(folder: string, reader: OutcomeReader, hooks: RunHooks) {
    this.#folder = folder;
    this.#reader = reader;
    this.#hooks = hooks;
    this.#events = new EventFile(join(folder, 'events.jsonl'));
  }

  /**
   * Waits until the run has ended, or until nobody keeps it any more (undefined). `child` is the end of a supervisor
   * that this worker started. Throws `RunDetached` when the hooks say so.
   */
  async follow(child?: Promise<void>): Promise<RunExit | undefined> {
    let starting = child !== undefined;
    const childEnd = child?.then(() => (starting = false));
    childEnd?.catch(() => undefined);
    let asked = false;
    for (;;) {
      if (this.#hooks.stop?.aborted && !asked) asked = await stopRun(this.#folder);
      const kept = starting || (await isKept(this.#folder));
      const exit = await readExit(this.#folder);
      await this.#tell();
      if (exit || !kept) return exit;
      if (this.#hooks.detach?.aborted) throw new RunDetached('The run goes on without this worker.');
      await Promise.race([sleep(INTERVAL_MS), ...(starting && childEnd ? [childEnd] : [])]);
    }
  }

  async #tell(): Promise<void> {
    await this.#events.read((event) => this.#reader.take(event));
    const progress = this.#reader.progress;
    const text = JSON.stringify(progress);
    if (text === this.#told) return;
    this.#told = text;
    this.#hooks.onProgress?.(progress);
  }
}
