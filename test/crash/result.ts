import { hostname } from 'node:os';
import type { OperationResult } from '../../contract/result.ts';
import type { Evidence } from './evidence.ts';
import type { Recovery } from './recovery.ts';
import { NAMES, STATEMENTS } from './statements.ts';
import type { Answer, Moment, Row, Stage, Strike } from './rows.ts';

/** What became of a row: a line of `rows.jsonl`, and of the report. */
export interface RowResult {
  id: string;
  driver: Row['driver'];
  seed: number;
  operation: Row['operation'];
  step: string;
  moment: Moment['at'];
  fraction: number;
  fault: string;
  /** Servers that the faults were made to. */
  hosts: string[];
  /** Where it is a row of what is undone: when the last fault was made, where the release was not healthy, and what was answered. */
  once?: Stage;
  doomed?: string;
  answers?: Answer[];
  rival: boolean;
  tolerate: number;
  patience: number;
  /** Whether its moment came before the operation ended, and whether any fault found something to hit. */
  met: boolean;
  hit: boolean;
  during: string[];
  /** How the operation ended, and the one behind it. */
  end: string;
  message?: string;
  behind?: string;
  /** By the number of the statement: null where it was not due. */
  held: Record<string, boolean | null>;
  found: Record<string, string[]>;
  /** Whether a deploy then reached everybody; null where the operation itself had. */
  next: boolean | null;
  nextMessage?: string;
  seconds: number;
  recovery_s: number | null;
  /** Seconds from the new worker's start until it was ready; they are part of the recovery. */
  worker_start_s: number | null;
  requests: number;
  failed: number;
  startedAt: string;
  machine: string;
  /** What stood in the way of looking: no statement is then known to hold. */
  error?: string;
}

/** Seconds within which an operation must make progress again once it could. */
export const RECOVERS_WITHIN = 5;

/** Whether everything that was due holds. */
export const holds = (result: RowResult): boolean => isWhole(result) && (result.recovery_s ?? 0) <= RECOVERS_WITHIN;

/** Whether the world that a row was done to may serve for the next: that an operation went on late leaves nothing behind. */
export const isWhole = ({ held, next, error }: RowResult): boolean => error === undefined && next !== false && Object.values(held).every((one) => one !== false);

/** Whether nothing was hit, or only after the operation had ended: such a row shows nothing. */
export const isMissed = ({ met, hit, error }: RowResult): boolean => error === undefined && !(met && hit);

/** What stands against a row beside the statements, in words. */
export function othersFound(result: RowResult): string[] {
  const { recovery_s: recovery } = result;
  const late = recovery !== null && recovery > RECOVERS_WITHIN ? [`the operation went on ${recovery} s after it could; within ${RECOVERS_WITHIN} s it must`] : [];
  return [...late, ...problemsOf(result)];
}

/** The same, but for how soon the operation went on, which says as much of the machine. */
export function problemsOf({ next, nextMessage, error }: RowResult): string[] {
  return [...(next === false ? [nextMessage ?? 'the next deploy did not reach everybody'] : []), ...(error === undefined ? [] : [error])];
}

export const describeStrikes = (strikes: readonly Strike[]): string => strikes.map(({ fault }) => fault).join(' + ');

export const heading = ({ id, driver, seed, operation, moment, strikes, rival, tolerate, patience, doomed, answers }: Row) => ({
  id,
  driver,
  seed,
  operation,
  step: moment.step,
  moment: moment.at,
  fraction: moment.fraction,
  fault: describeStrikes(strikes),
  hosts: strikes.flatMap(({ host }) => host ?? []),
  ...(strikes.at(-1)!.once && { once: strikes.at(-1)!.once }),
  ...(doomed !== undefined && { doomed }),
  ...(answers && { answers }),
  rival,
  tolerate,
  patience,
});

const tail = (began: number) => ({ seconds: Math.round((Date.now() - began) / 100) / 10, startedAt: new Date(began).toISOString(), machine: hostname() });

/** Puts the statements to the evidence. @param next what was in the way of the deploy that followed; null where none was due. */
export function resultOf(evidence: Evidence, { began, recovered, next }: { began: number; recovered: Recovery | undefined; next: string | null }): RowResult {
  const { row, met, strikes, ends, load } = evidence;
  const findings = NAMES.map((name) => [name, STATEMENTS[name]!.look(evidence)] as const);
  const [first, second] = ends;
  return {
    ...heading(row),
    met: met.met,
    hit: strikes.some(({ hit }) => hit) && strikes.every(({ once, hit }) => once === undefined || hit),
    during: met.during,
    end: endOf(first!.status, first!.result),
    ...(first!.result && { message: first!.result.message }),
    ...(second && { behind: endOf(second.status, second.result) }),
    held: Object.fromEntries(findings.map(([name, finding]) => [name, finding === null ? null : finding.length === 0])),
    found: Object.fromEntries(findings.flatMap(([name, finding]) => (finding && finding.length > 0 ? [[name, finding] as const] : []))),
    next: next === null ? null : next === '',
    ...(next && { nextMessage: next }),
    recovery_s: recovered?.after ?? null,
    worker_start_s: recovered?.workerStart ?? null,
    requests: load.requests,
    failed: load.failed,
    ...tail(began),
  };
}

/** A row that could not be looked at to its end. */
export const brokenOff = (row: Row, began: number, error: unknown): RowResult => ({
  ...heading(row),
  met: false,
  hit: false,
  during: [],
  end: 'not known',
  held: {},
  found: {},
  next: null,
  recovery_s: null,
  worker_start_s: null,
  requests: 0,
  failed: 0,
  ...tail(began),
  error: (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(0, 2000),
});

const endOf = (status: string, result: OperationResult | undefined): string => (result ? `${result.outcome}${result.failure ? ` (${result.failure.type})` : ''}` : status.toLowerCase());
