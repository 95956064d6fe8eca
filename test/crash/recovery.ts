import { readFile } from 'node:fs/promises';
import type { HistoryEvent } from './temporal.ts';

/** The time-out of a heartbeat, in seconds: that of a local worker's runs. */
export const HEARTBEAT = 5;
const TICK_MS = 10;

/** When a process was started, in milliseconds since the epoch; undefined where there is none. The kernel tells it in ticks, so it is held against our own start. */
export async function startOf(pid: number): Promise<number | undefined> {
  const [ticks, own] = await Promise.all([ticksOf(pid), ticksOf(process.pid)]);
  return ticks === undefined || own === undefined ? undefined : performance.timeOrigin + (ticks - own) * TICK_MS;
}

async function ticksOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

/** How an operation went on after its worker was killed, in seconds. */
export interface Recovery {
  /** From the moment at which it could have gone on. */
  after: number;
  /** What the new worker took of that, at most: from its start until it was ready. */
  workerStart: number;
}

/**
 * Seconds from the moment at which the operation could have gone on (the new worker's start or the heartbeat's time-out, whichever is later) to the first task that
 * the new worker took of it; undefined where it took none, because the operation had ended.
 *
 * @param killed when the old worker was killed. Its last heartbeat was not later, so neither is its time-out than `HEARTBEAT` after that.
 */
export function recoveryOf(history: readonly HistoryEvent[], worker: { pid: number; started: number }, killed: number): number | undefined {
  const taken = history.filter(({ identity }) => identity?.startsWith(`${worker.pid}@`)).map(({ at }) => at);
  if (taken.length === 0) return undefined;
  const could = Math.max(worker.started, killed + HEARTBEAT * 1000);
  return Math.max(0, Math.round(Math.min(...taken) - could) / 1000);
}
