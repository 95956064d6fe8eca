import { setTimeout as sleep } from 'node:timers/promises';

/** What the promise brings, or undefined when it takes longer. */
export async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  const timer = new AbortController();
  // The loser of the race may still fail, which concerns nobody.
  promise.catch(() => {});
  try {
    return await Promise.race([promise, sleep(milliseconds, undefined, { signal: timer.signal }).catch(() => undefined)]);
  } finally {
    timer.abort();
  }
}
