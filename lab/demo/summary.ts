import { relative } from 'node:path';
import type { Status } from '../../cli/status/collect-status.ts';
import type { LoadReport } from '../load/load.ts';
import type { Upload } from './gallery/visitor.ts';
import type { KindFigures } from './both-kinds.ts';
import { place } from './place.ts';

export interface DemoFacts {
  status: Status;
  /** Seconds, by step. */
  times: Record<string, number>;
  report: LoadReport;
  seconds: number;
  uploads: Upload[];
  kinds: KindFigures[];
  /** Whether the hosts were bare when it began. */
  bare: boolean;
}

/** The table that the demo ends with: what runs where, what took how long, how the load went, what to try next. */
export function summary({ status, times, report, seconds, uploads, kinds, bare }: DemoFacts): string {
  const running = status.subjects.flatMap(({ subject, live = [] }) => live.map(({ name, release, checksum }) => [subject, name, release ?? 'nothing', (checksum ?? '').slice(7, 19)]));
  const took = Object.entries(times).map(([name, time]) => [name, `${time.toFixed(1)} s`]);
  const failures = report.failures.map(({ at, environment, page, detail }) => [`${at.toFixed(1)} s`, environment, page, detail]);
  const musher = `MUSHER_HOME=${relative(process.cwd(), place.home)} ${relative(process.cwd(), place.bin)}`;
  const spec = `-f ${relative(process.cwd(), place.spec)}`;
  return [
    '',
    'What runs where',
    ...columns(running),
    '',
    'What took how long',
    ...columns([...took, ['all together', `${seconds.toFixed(1)} s`]]),
    '',
    `Requests sent: ${report.requests}, failed: ${report.failed}. Seen: ${Object.entries(report.byRelease).map(([release, count]) => `${release} ${count} times`).join(', ')}.`,
    ...columns(failures),
    ...uploads.map(({ name, through, readThrough }) => `Uploaded through ${through}: ${name}, read as it was sent through ${readThrough.join(' and ')}.`),
    '',
    'The same site on a cluster and on a pack',
    ...columns([
      ['', bare ? 'first deploy' : 'deploy', 'sent from here', 'sent by the storage', 'requests per second'],
      ...kinds.map((one) => [one.kind, `${one.deploySeconds.toFixed(1)} s`, megabytes(one.sentFromHere), megabytes(one.sentByStorage), one.requestsPerSecond.toFixed(1)]),
    ]),
    '',
    `Temporal's web page: ${status.temporal.webUrl ?? 'none'}`,
    '',
    'Try next:',
    `  ${musher} rollback wiki/live ${spec}`,
    `  ${musher} status --live ${spec}`,
    `  ${musher} logs wiki/live ${spec}`,
    '"make demo-down" stops everything.',
    '',
  ].join('\n');
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function columns(rows: string[][]): string[] {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, index) => Math.max(all[index] ?? 0, cell.length)), []);
  return rows.map((row) => `  ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ')}`.trimEnd());
}
