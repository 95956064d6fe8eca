import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir, platform, release } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { printable } from '../printable.ts';
import { redact } from './redact.ts';

/** A bug that was met, and where. */
export interface Bug {
  error: unknown;
  /** What was under way, as a heading and a text: `Command`, `musher deploy shop/live`. */
  during: [heading: string, text: string];
  /** Musher's. */
  version: string;
}

/**
 * Writes what helps to mend a bug into a private file: what was under way, the versions, the error with its causes and where it came from, and which
 * of the variables that Musher reads are set. Secrets are removed; of the spec there is nothing.
 *
 * @param folder made where it is not there.
 * @returns the file's path, or undefined where none could be written.
 */
export function writeBugReport(folder: string, bug: Bug, now = new Date()): string | undefined {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${now.toISOString().replace(/[-:]/g, '').replace('.', '-')}-${process.pid}.txt`);
    writeFileSync(path, bugReport(bug, now), { flag: 'wx', mode: 0o600 });
    return path;
  } catch {
    // The error itself matters more than that no report of it can be kept.
    return undefined;
  }
}

/** Characters told of one cause. */
const LONGEST = 20_000;

/** The text of a report. */
export function bugReport({ error, during: [heading, text], version }: Bug, now: Date, environment: NodeJS.ProcessEnv = process.env): string {
  const set = Object.keys(environment).filter((name) => /^(MUSHER|TEMPORAL)_/.test(name)).sort();
  const lines = [
    'A bug in Musher. Secrets have been removed as far as they look like some; read it before you pass it on.',
    `When      ${now.toISOString()}`,
    `${heading.padEnd(9)} ${text}`,
    `Versions  Musher ${version}, Node ${process.version}, ${platform()} ${release()}`,
    `Variables ${set.join(', ') || 'none'} (values are left out)`,
    '',
    describe(error),
  ].join('\n');
  return `${printable(redact(lines, environment)).replaceAll(homedir(), '~')}\n`;
}

function describe(error: unknown): string {
  const causes: string[] = [];
  for (let cause = error; cause !== undefined && cause !== null && causes.length < 20; cause = cause instanceof Error ? cause.cause : undefined) {
    causes.push((cause instanceof Error ? (cause.stack ?? String(cause)) : `Thrown: ${inspect(cause)}`).slice(0, LONGEST));
  }
  return causes.join('\nCaused by: ') || `Thrown: ${inspect(error)}`;
}
