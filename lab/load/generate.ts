import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { turn } from './mix.ts';
import type { LoadEnvironment, LoadOptions } from './options.ts';
import type { LoadReport } from './report.ts';
import { ask, type PageBody, RequestFailure } from './request.ts';
import { Tally } from './tally.ts';

/** A kept connection that nobody used for so long is not used again: its server may be closing it at that moment. */
const KEPT_IDLE_MS = 1000;

/**
 * Asks until a bound is reached or the signal is aborted and enough has been sent, then waits for what is in flight.
 * `onAnswer` is called once, when the first request has ended.
 */
export async function generate(options: LoadOptions, signal: AbortSignal, onAnswer: () => void): Promise<LoadReport> {
  const environments: LoadEnvironment[] = options.environments.map((environment) => ({ ...environment }));
  const tally = new Tally(options.failuresKept);
  const versions = new Map<string, string>();
  const least = options.leastRequests ?? 0;
  let next = 0;

  const worker = async (): Promise<void> => {
    // One agent a worker: its kept connection is used in turn and seldom idle.
    const kept = new Agent({ keepAlive: true, maxSockets: 1, timeout: KEPT_IDLE_MS });
    while (!(signal.aborted && next >= least) && next < options.maxRequests && tally.now() < options.maxSeconds * 1000) {
      const n = next++;
      const what = turn(n, environments.length);
      const environment = environments[what.environment]!;
      const sent = tally.now();
      try {
        const body = await ask(what, n, environment, options, kept);
        environment.shared ??= body.shared;
        checkVersion(body, versions);
        tally.succeeded(what, environment.name, sent, body);
      } catch (error) {
        if (!(error instanceof RequestFailure)) throw error;
        tally.failed(what, environment.name, sent, error);
      }
      if (n === 0) onAnswer();
      if (options.pauseMs) await sleep(options.pauseMs);
    }
    kept.destroy();
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  return tally.report();
}

/** A release that answers with two versions is not served whole: a cache still holds another release's files. */
function checkVersion({ environment, release, version }: PageBody, versions: Map<string, string>): void {
  const key = JSON.stringify([environment, release]);
  const known = versions.get(key) ?? version;
  versions.set(key, known);
  if (known !== version) throw new RequestFailure('body', `release ${release} says version ${version}, it said ${known} before`);
}
