import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Lab } from '../../lab/lab.ts';
import { build, labName, ownFolder, runBench, say, turned } from './bench.ts';
import { digestOf, measure, type Measurement, type Trees } from './measure.ts';
import { allPeers } from './peers/all.ts';
import type { BenchHost } from './peers/peer.ts';
import { rowsOf, tableOf } from './table.ts';
import { makeTree } from './tree.ts';

const USAGE = 'node test/bench/deploy.ts [--hosts 4,8] [--rounds 3] [--peers plain,tuned,…] [--settle 360]';
const { values } = parseArgs({
  options: { hosts: { type: 'string', default: '4,8' }, rounds: { type: 'string', default: '3' }, peers: { type: 'string' }, settle: { type: 'string', default: '360' } },
});
const sizes = values.hosts.split(',').map(Number);
const rounds = Number(values.rounds);
/** ext4 looks at each inode freed in the last 60 s, 360 s where that is not yet in its place on the disk, before it gives one out. */
const settleSeconds = Number(values.settle);
if (![...sizes, rounds].every((number) => Number.isInteger(number) && number > 0) || !(settleSeconds >= 0)) throw new Error(USAGE);

const work = await ownFolder();
const peers = allPeers(build, work).filter(({ name }) => values.peers?.split(',').includes(name) ?? true);
const measurements: Measurement[] = [];

await runBench(
  work,
  async () => {
    const all = await startHosts(Math.max(...sizes));
    say(`${settleSeconds} s until the file system has forgotten what was deleted before`);
    await sleep(settleSeconds * 1000);
    let series = 0;
    for (const size of sizes) {
      const hosts = all.slice(0, size);
      for (const peer of peers) await peer.prepare(hosts);
      for (let round = 1; round <= rounds; round++) {
        for (const peer of turned(peers, round - 1)) {
          // Nobody meets what he has deployed before.
          const trees = await makeTrees(++series);
          const pair = await measure(peer, round, trees, hosts);
          measurements.push(...pair);
          say(`${size} hosts, round ${round}, ${peer.name}: ${pair.map(({ seconds }) => `${seconds.toFixed(1)} s`).join(', ')}`);
        }
      }
    }
    const rows = rowsOf(measurements);
    process.stdout.write(`${tableOf(rows)}\n`);
    await writeFile(join(build, 'deploy.json'), `${JSON.stringify(rows, null, 2)}\n`);
  },
  () => peers.map((peer) => peer.close()),
);

async function makeTrees(series: number): Promise<Trees> {
  const make = async (which: 'first' | 'second', version: 1 | 2) => {
    const folder = join(work, String(series), which);
    await makeTree(folder, series, version);
    return { folder, digest: await digestOf(folder) };
  };
  return { first: await make('first', 1), second: await make('second', 2) };
}

async function startHosts(size: number): Promise<BenchHost[]> {
  const names = Array.from({ length: size }, (_, n) => `web${n + 1}`);
  const lab = await Lab.up({ name: labName, hosts: names, say });
  return names.map((name) => ({ name, ...lab.way(name) }));
}
