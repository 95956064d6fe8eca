import type { Page, Turn } from './mix.ts';
import type { PageBody, RequestFailure } from './request.ts';
import type { Latency, LoadFailure, LoadReport, Sighting } from './report.ts';

const FAILURES_KEPT = 20;
const PAGES: readonly Page[] = ['plain', 'post', 'slow'];

/** Counts requests as they end. */
export class Tally {
  readonly #failuresKept: number;
  readonly #startedAt = new Date();
  readonly #start = performance.now();
  readonly #latencies: Record<Page, number[]> = { plain: [], post: [], slow: [] };
  readonly #failed: Record<Page, number> = { plain: 0, post: 0, slow: 0 };
  readonly #failures: LoadFailure[] = [];
  readonly #failedByKind: LoadReport['failedByKind'] = {};
  readonly #byEnvironment: Record<string, number> = {};
  readonly #seen = new Map<string, Sighting>();
  #fresh = 0;

  constructor(failuresKept = FAILURES_KEPT) {
    this.#failuresKept = failuresKept;
  }

  /** Milliseconds since the start, the clock of `sent` below. */
  now = (): number => performance.now() - this.#start;

  succeeded(turn: Turn, environment: string, sent: number, body: PageBody): void {
    this.#count(turn, environment);
    this.#latencies[turn.page].push(this.now() - sent);
    const key = JSON.stringify([environment, body.member, body.release, body.version]);
    const at = seconds(this.now());
    const sighting = this.#seen.get(key);
    if (sighting) Object.assign(sighting, { last: at, requests: sighting.requests + 1 });
    else
      this.#seen.set(key, {
        environment,
        member: body.member,
        release: body.release,
        version: body.version,
        first: at,
        last: at,
        requests: 1,
      });
  }

  failed(turn: Turn, environment: string, sent: number, failure: RequestFailure): void {
    this.#count(turn, environment);
    this.#failed[turn.page]++;
    this.#failedByKind[failure.kind] = (this.#failedByKind[failure.kind] ?? 0) + 1;
    if (this.#failures.length >= this.#failuresKept) return;
    const { page, connection } = turn;
    const times = { at: seconds(sent), after: seconds(this.now() - sent) };
    this.#failures.push({ ...times, environment, page, connection, kind: failure.kind, detail: failure.message });
  }

  report(): LoadReport {
    const byPage = Object.fromEntries(
      PAGES.map((page) => {
        const latencies = this.#latencies[page];
        return [page, { requests: latencies.length + this.#failed[page], failed: this.#failed[page], latencyMs: latency(latencies) }];
      }),
    ) as LoadReport['byPage'];
    const total = (field: 'requests' | 'failed'): number => PAGES.reduce((sum, page) => sum + byPage[page][field], 0);
    const seen = [...this.#seen.values()];
    return {
      startedAt: this.#startedAt.toISOString(),
      seconds: seconds(this.now()),
      requests: total('requests'),
      failed: total('failed'),
      fresh: this.#fresh,
      failedByKind: this.#failedByKind,
      failures: this.#failures,
      byPage,
      byEnvironment: this.#byEnvironment,
      byMember: sumBy(seen, 'member'),
      byRelease: sumBy(seen, 'release'),
      seen,
    };
  }

  #count(turn: Turn, environment: string): void {
    if (turn.connection === 'fresh') this.#fresh++;
    this.#byEnvironment[environment] = (this.#byEnvironment[environment] ?? 0) + 1;
  }
}

const seconds = (milliseconds: number): number => Math.round(milliseconds) / 1000;

function latency(values: number[]): Latency {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number | null => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
    return value === undefined ? null : Math.round(value * 10) / 10;
  };
  return { median: at(0.5), p99: at(0.99), max: at(1) };
}

function sumBy(seen: readonly Sighting[], field: 'member' | 'release'): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const sighting of seen) sums[sighting[field]] = (sums[sighting[field]] ?? 0) + sighting.requests;
  return sums;
}
