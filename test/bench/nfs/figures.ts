import { median } from '../table.ts';
import { SETTINGS, type Setting } from './places.ts';
import type { App } from './apps.ts';

/** What was measured of one application in one setting, round by round; rounds of different settings belong together by their number. */
export interface Figures {
  app: App['name'];
  setting: Setting;
  delegations: boolean;
  requestsPerSecond: number[];
  operationsPerRequest: number[];
  /** NFS operations for shared files, each request. */
  filesOperations: number[];
  /** NFS operations of the first request after a restart of PHP. */
  coldOperations: number[];
  /** Seconds of the first request after a deploy. */
  firstSeconds: number[];
}

export interface Row {
  app: App['name'];
  setting: Setting;
  delegations: boolean;
  requests_per_s: number;
  /** Median of the ratios of each round to local disk's in the same round. */
  ratio_to_local: number;
  nfs_ops_per_request: number;
  files_ops_per_request: number;
  cold_ops: number;
  /** As `ratio_to_local`, to that of code on local disk and shared files on NFS. */
  ratio_to_local_code: number;
  /** Of the first request after a deploy, to local disk's in the same round. */
  first_request_ratio: number;
}

/** One row for each application, setting and way of the server, with medians. */
export function rowsOf(all: readonly Figures[]): Row[] {
  return all.map((one) => {
    const inSame = (setting: Setting): Figures => all.find((other) => other.app === one.app && other.setting === setting && other.delegations === one.delegations)!;
    const local = inSame('local');
    return {
      app: one.app,
      setting: one.setting,
      delegations: one.delegations,
      requests_per_s: round(median(one.requestsPerSecond), 1),
      ratio_to_local: round(paired(one.requestsPerSecond, local.requestsPerSecond)),
      ratio_to_local_code: round(paired(one.requestsPerSecond, inSame('local-code').requestsPerSecond)),
      nfs_ops_per_request: round(median(one.operationsPerRequest)),
      files_ops_per_request: round(median(one.filesOperations)),
      cold_ops: Math.round(median(one.coldOperations)),
      first_request_ratio: round(paired(one.firstSeconds, local.firstSeconds)),
    };
  });
}

/** The rows as text, for a person. */
export function tableOf(rows: readonly Row[]): string {
  const columns = ['app', 'setting', 'delegations', 'requests_per_s', 'ratio_to_local', 'ratio_to_local_code', 'nfs_ops_per_request', 'files_ops_per_request', 'cold_ops', 'first_request_ratio'] as const;
  const lines = [columns, ...rows.map((row) => columns.map((column) => String(row[column])))];
  const widths = columns.map((_, n) => Math.max(...lines.map((line) => line[n]!.length)));
  return lines.map((line) => line.map((cell, n) => cell.padStart(widths[n]!)).join('  ')).join('\n');
}

const COLOR: Record<Setting, string> = { local: '#8a8f98', 'local-code': '#4a6fa5', 'nfs-default': '#c4552d', 'nfs-provisioned': '#2f7d4f', 'nfs-image': '#8e6bb0' };

/** Requests per second against local disk's, as an SVG. */
export function plotOf(rows: readonly Row[]): string {
  const groups = [...new Map(rows.map((row) => [`${row.app}, ${row.delegations ? 'with' : 'without'} delegations`, row])).keys()];
  const [left, top, high, wide, bar] = [60, 40, 240, 300, 44];
  const most = Math.max(1, ...rows.map((row) => row.ratio_to_local));
  const y = (ratio: number): number => round(top + high * (1 - ratio / most), 1);
  const steps = Array.from({ length: Math.floor(most / 0.25) + 1 }, (_, n) => n * 0.25);
  const grid = steps.map(
    (ratio) => `<line x1="${left}" x2="${left + wide * groups.length}" y1="${y(ratio)}" y2="${y(ratio)}" stroke="#d5d8dd"/><text x="${left - 8}" y="${y(ratio) + 4}" text-anchor="end">${ratio}</text>`,
  );
  const bars = groups.flatMap((group, g) => {
    const own = rows.filter((row) => `${row.app}, ${row.delegations ? 'with' : 'without'} delegations` === group);
    const x = (n: number): number => left + g * wide + 24 + n * (bar + 8);
    return [
      ...own.map((row, n) => `<rect x="${x(n)}" y="${y(row.ratio_to_local)}" width="${bar}" height="${y(0) - y(row.ratio_to_local)}" fill="${COLOR[row.setting]}"/><text x="${x(n) + bar / 2}" y="${y(row.ratio_to_local) - 5}" text-anchor="middle">${row.ratio_to_local}</text>`),
      `<text x="${left + g * wide + wide / 2}" y="${top + high + 22}" text-anchor="middle">${group}</text>`,
    ];
  });
  const legend = SETTINGS.map((setting, n) => `<rect x="${left + n * 130}" y="${top + high + 40}" width="12" height="12" fill="${COLOR[setting]}"/><text x="${left + n * 130 + 18}" y="${top + high + 50}">${setting}</text>`);
  const size = { width: left + wide * groups.length + 20, height: top + high + 70 };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${size.width}" height="${size.height}" fill="#fff"/>`,
    `<text x="${left}" y="20" font-size="14">Requests per second, against local disk's (medians of paired rounds, opcache warm)</text>`,
    ...grid,
    ...bars,
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}

function paired(values: readonly number[], references: readonly number[]): number {
  return median(values.map((value, n) => value / references[n]!));
}

const round = (value: number, digits = 2): number => Number(value.toFixed(digits));
