import { setTimeout as sleep } from 'node:timers/promises';

interface AskOptions {
  domain?: string;
  port?: number;
  seconds?: number;
}

export interface Asking {
  stop: () => Promise<{ asked: number; wrong: string[]; slowest: number }>;
}

/** Asks a host for a page again and again, until told to stop; the answers that were no `right` ones, and the most seconds that one took. */
export function asking(ask: (host: string, page: string, options: AskOptions) => Promise<string>, host: string, page: string, right: RegExp, options: AskOptions = {}): Asking {
  const said = { asked: 0, wrong: [] as string[], slowest: 0 };
  let stopped = false;
  const all = (async () => {
    for (; !stopped; await sleep(250)) {
      const from = performance.now();
      const text = await ask(host, page, { seconds: 20, ...options });
      said.asked++;
      said.slowest = Math.max(said.slowest, (performance.now() - from) / 1000);
      if (!right.test(text)) said.wrong.push(`${host} ${page}: ${text.slice(0, 200)}`);
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await all;
      return said;
    },
  };
}
