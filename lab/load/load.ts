import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadOptions } from './options.ts';
import type { LoadReport } from './report.ts';

export type { LoadEnvironment, LoadOptions } from './options.ts';
export type { LoadFailure, LoadReport, Sighting } from './report.ts';

export interface Load {
  /** Resolves when the first request has ended; rejects when the load is refused or its process died. */
  started: Promise<void>;
  /** Resolves when a bound was reached or the load was stopped; rejects as `started` does. */
  finished: Promise<LoadReport>;
  /** Sends nothing more (but for `leastRequests`), waits for what is in flight, and reports. */
  stop(): Promise<LoadReport>;
}

/** What the load's process says. */
export type LoadMessage = { started: true } | { report: LoadReport } | { error: string };

/**
 * Asks a lab's balancer without a pause, from a process of its own, so that neither disturbs the other.
 *
 * Half of the requests have a connection of their own; the other half go over kept ones, which are dropped after a second
 * without use. Nothing is tried again: a kept connection that the server closes under a request counts as failed
 * (`reset-kept`), so a balancer that is reloaded must answer what it still gets (HAProxy: `option idle-close-on-response`).
 */
export function startLoad(options: LoadOptions): Load {
  const child = fork(fileURLToPath(new URL('main.ts', import.meta.url)), ['--from-parent'], { execArgv: [] });
  const started = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<LoadReport>();
  const fail = (message: string): void => {
    started.reject(new Error(message));
    finished.reject(new Error(message));
  };
  child.on('message', (message: LoadMessage) => {
    if ('report' in message) finished.resolve(message.report);
    else if ('error' in message) fail(message.error);
    else started.resolve();
  });
  child.on('error', (error) => fail(`the load could not be started: ${error.message}`));
  child.on('exit', (code, signal) => fail(`the load's process ended without a report (${signal ?? `exit ${code}`})`));
  // Whoever awaits them sees a rejection; one that nobody awaits must not end the caller.
  started.promise.catch(() => {});
  finished.promise.catch(() => {});
  child.send(options);
  return {
    started: started.promise,
    finished: finished.promise,
    stop() {
      if (child.connected) child.send('stop', () => {});
      return finished.promise;
    },
  };
}
