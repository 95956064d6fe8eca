import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { ENVIRONMENTS, type Site } from '../lab/site.ts';
import { EXPORT, ROOT, SUBJECT } from './spec.ts';
import type { World } from './world.ts';

/** What a host holds, as `look.py` reads it. */
export interface HostLook {
  /** Path, mode, owner and hash of everything below /etc and the roots, shared paths' contents apart. */
  owned: Record<string, string>;
  /** Hashes of shared paths' contents. */
  shared: Record<string, string>;
  /** A release for each time that the `once` hook ran here. */
  hooks: string[];
  /** The highest token that was let in, by scope. */
  gates: Record<string, string>;
  balancer: { states: Record<string, Record<string, string>>; held: string[] } | null;
  exports: string[];
  mounts: string[];
  /** What lies in the folders below mounts. */
  below: Record<string, string[]>;
  /** A manifest's hash for each release. */
  releases: Record<string, string>;
  /** Where a secret was found. */
  secrets: string[];
}

export type Looks = Record<string, HostLook>;

const PROGRAM = join(import.meta.dirname, 'look.py');

/** Looks at every host by itself, as its root and without its network. @param canaries what must be nowhere; looked for only where it is given. */
export async function lookAtHosts({ site }: World, { hosts = Object.keys(site.lab.hosts), canaries = [] }: { hosts?: readonly string[]; canaries?: readonly string[] } = {}): Promise<Looks> {
  const program = await readFile(PROGRAM, 'utf8');
  const entries = await Promise.all(
    hosts.map(async (host) => {
      const isStorage = host === site.storage;
      const live = `${isStorage ? EXPORT : ROOT}/${SUBJECT}`;
      const mounts = site.storage !== undefined && site.members.includes(host) ? [`${live}/releases`, `${live}/shared`] : [];
      const keeps = isStorage || site.storage === undefined;
      const config = JSON.stringify({ roots: isStorage ? [EXPORT] : [ROOT], mounts, keeps, live, canaries });
      const input = `import json\nCONFIG = json.loads(${JSON.stringify(config)})\n${program}`;
      // In UTF-8 on standard input: nothing of it is in an argument list.
      const { stdout } = await site.lab.root(host, ['python3', '-I', '-'], { input, timeout: 180_000 });
      return [host, JSON.parse(stdout) as HostLook] as const;
    }),
  );
  return Object.fromEntries(entries);
}

/**
 * A host as compensation must leave it: /etc and the roots, exports, mounts, and what the balancer does with members. This is the one place that says what is compared.
 */
export function fingerprintOf({ owned, exports, mounts, balancer }: HostLook): Record<string, string> {
  const states = Object.entries(balancer?.states['shop_live'] ?? {}).map(([server, status]) => [`balancer ${server}`, status.replace(/ .*/, '')]);
  return { ...owned, exports: exports.join('\n'), mounts: mounts.join('\n'), ...(Object.fromEntries(states) as Record<string, string>), held: balancer?.held.join(' ') ?? '' };
}

/** What is other in the second than in the first, in words. */
export function differences(before: Record<string, string>, after: Record<string, string>): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.filter((name) => before[name] !== after[name]).map((name) => `${name}: ${before[name] ?? 'nothing'} has become ${after[name] ?? 'nothing'}`);
}

export interface Answer {
  member: string;
  release: string;
  version: string;
}

/** What a member itself answers, past the balancer; the error where it answers nothing of the kind. */
export async function askMember(site: Site, member: string): Promise<Answer | string> {
  const { address } = site.lab.host(member);
  return new Promise((resolve) => {
    const asked = request({ host: address, path: '/load.php', headers: { host: ENVIRONMENTS[0]!.host }, timeout: 20_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => resolve(error.message));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        try {
          resolve(response.statusCode === 200 ? (JSON.parse(text) as Answer) : `status ${response.statusCode}`);
        } catch {
          resolve(`no JSON: ${text.slice(0, 200)}`);
        }
      });
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer within 20 s')));
    asked.on('error', (error) => resolve(error.message));
    asked.end();
  });
}
