import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const MUSHER = join(import.meta.dirname, '../../bin/musher');
const SERVERS = 1000;

let folder: string;

beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'musher-speed-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** A spec of 1,000 servers in groups, each with a project of two environments. */
function specText(groupSize: number, groupOf = clusterOf): string {
  const numbers = Array.from({ length: SERVERS }, (_, index) => index);
  const groups = numbers.filter((index) => index % groupSize === 0);
  const members = (first: number) => numbers.slice(first + 1, first + groupSize).map((index) => `web${index}`);
  return [
    'version: 1',
    'servers:',
    ...numbers.map((index) => `  web${index}: { address: 10.0.${index >> 8}.${index & 255}, user: deploy }`),
    'groups:',
    ...groups.map((first) => `  g${first}: ${groupOf(first, members(first))}`),
    'projects:',
    ...groups.map((first) => `  shop${first}: { app: php, source: { directory: ./shop }, environments: { live: { group: g${first}, domains: [shop${first}.example.net] }, test: { group: g${first}, domains: [test${first}.example.net] } } }`),
  ].join('\n');
}

const clusterOf = (first: number, members: string[]): string => `{ kind: cluster, members: [${members.join(', ')}], balancers: [web${first}] }`;
const packOf = (first: number, members: string[]): string => `{ kind: pack, members: [${members.join(', ')}], storage: { server: web${first}, volumes: { shop${first}/live: /srv/live${first} } } }`;

/** Seconds of processor time that the whole command takes, start of Node included: what a person waits on a machine that does nothing else. */
function secondsOf(file: string): number {
  const printed = execFileSync('bash', ['-c', '"$1" check --json --file "$2" > /dev/null; times', 'bash', MUSHER, file], { encoding: 'utf8' });
  const [, minutes, seconds, sysMinutes, sysSeconds] = /\n(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/.exec(printed)!;
  return 60 * (Number(minutes) + Number(sysMinutes)) + Number(seconds) + Number(sysSeconds);
}

test.each([
  ['100 groups', (text: string) => text, 10],
  ['500 groups', (text: string) => text, 2],
  ['every user misspelt', (text: string) => text.replaceAll('user: ', 'usr: '), 10],
  ['every group misspelt', (text: string) => text.replaceAll('{ group: g', '{ group: x'), 10],
  ['100 packs with volumes', (text: string) => text, 10, packOf],
])('musher check on 1,000 servers takes less than a second: %s', (name, spoil, groupSize, groupOf = clusterOf) => {
  const file = join(folder, 'musher.yml');
  writeFileSync(file, spoil(specText(groupSize, groupOf)));
  const best = Math.min(...[1, 2, 3, 4, 5, 6].map(() => secondsOf(file)));
  expect(best, `${name}: ${best} s`).toBeLessThan(1);
});
