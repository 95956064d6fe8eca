import type { Page } from './mix.ts';

/** Why a request counts as failed. `reset-kept`: on a kept connection, before any byte of its answer. */
export type FailureKind = 'refused' | 'reset' | 'reset-kept' | 'timeout' | 'status' | 'body' | 'other';

/** What a load saw. */
export interface LoadReport {
  /** ISO 8601. */
  startedAt: string;
  seconds: number;
  requests: number;
  failed: number;
  /** Requests sent on a connection of their own; the others were sent on kept ones. */
  fresh: number;
  failedByKind: Partial<Record<FailureKind, number>>;
  /** The first `failuresKept`. */
  failures: LoadFailure[];
  byPage: Record<Page, { requests: number; failed: number; latencyMs: Latency }>;
  byEnvironment: Record<string, number>;
  byMember: Record<string, number>;
  byRelease: Record<string, number>;
  /** When each release was seen on each member, in seconds from the start, in the order of first sight. */
  seen: Sighting[];
}

export interface LoadFailure {
  /** Seconds from the start to the sending, and from the sending to the failure. */
  at: number;
  after: number;
  environment: string;
  page: Page;
  connection: 'fresh' | 'kept';
  kind: FailureKind;
  detail: string;
}

/** Of the requests that succeeded; null when none did. */
export interface Latency {
  median: number | null;
  p99: number | null;
  max: number | null;
}

export interface Sighting {
  environment: string;
  member: string;
  release: string;
  /** The application's own version, from a file of the release. */
  version: string;
  first: number;
  last: number;
  requests: number;
}
