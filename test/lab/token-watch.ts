import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { gatedProcesses, isOlder, namespaceOf } from './gated-processes.ts';

// Looks at what hosts' gates have let in, many times a second, in a process of its own: a test that waits for something else misses nothing.

/** A token as it was seen at work on a host. Times in milliseconds since the epoch. */
export interface TokenSighting {
  host: string;
  token: string;
  first: number;
  last: number;
}

export interface TokenReport {
  sightings: TokenSighting[];
  /** Where something older still ran after something newer had been let in. */
  overlaps: string[];
  looks: number;
}

interface Watching {
  scope: string;
  /** A process of each host, by its name. */
  hosts: Record<string, number>;
}

const INTERVAL_MILLISECONDS = 60;

/** Starts to look. The function that comes back ends it, and reports. */
export function watchTokens(watching: Watching): () => Promise<TokenReport> {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(watching)], { execArgv: [] });
  const report = new Promise<TokenReport>((resolve, reject) => {
    child.on('message', (message) => resolve(message as TokenReport));
    child.on('exit', (code) => reject(new Error(`The watch ended without a report (${code})`)));
  });
  report.catch(() => {});
  return () => {
    child.send('stop');
    return report;
  };
}

function watch({ scope, hosts }: Watching): void {
  const nameOf = new Map(Object.entries(hosts).map(([name, pid]) => [namespaceOf(pid), name]));
  const sightings = new Map<string, TokenSighting>();
  const newest = new Map<string, string>();
  const report: TokenReport = { sightings: [], overlaps: [], looks: 0 };
  const look = (): void => {
    const [now, admitted] = [Date.now(), new Map<string, string>()];
    for (const { namespace, token, isAdmitted } of gatedProcesses(scope)) {
      const host = nameOf.get(namespace);
      if (host === undefined || !isAdmitted) continue;
      // Seen by an earlier look, so that it was there before this one is seen.
      const known = newest.get(host);
      if (known !== undefined && isOlder(token, known)) report.overlaps.push(`${host}: ${token} ran at ${new Date(now).toISOString()}, after ${known} had been let in`);
      const latest = admitted.get(host);
      if (latest === undefined || isOlder(latest, token)) admitted.set(host, token);
      const key = `${host} ${token}`;
      const sighting = sightings.get(key) ?? { host, token, first: now, last: now };
      sighting.last = now;
      sightings.set(key, sighting);
    }
    for (const [host, token] of admitted) if (!newest.has(host) || isOlder(newest.get(host)!, token)) newest.set(host, token);
    report.looks += 1;
  };
  setInterval(look, INTERVAL_MILLISECONDS);
  process.once('message', () => {
    process.send!({ ...report, sightings: [...sightings.values()] }, () => process.exit());
  });
  process.once('disconnect', () => process.exit());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) watch(JSON.parse(process.argv[2]!) as Watching);
