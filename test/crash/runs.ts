import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A run of Ansible as its own folder tells of it. */
export interface Run {
  workflowId: string;
  /** How many times it was started. */
  starts: number;
  /** Hosts that it was through with, each as often as it said so. */
  done: string[];
  /** Changes over all hosts that its last recap counts; none where it was cut off. */
  changed?: number;
  /** Tasks that ended, in milliseconds since the epoch. */
  tasks: { host: string; task: string; from: number; to: number; hasChanged?: boolean }[];
  /** Milliseconds since the epoch. */
  from: number;
  to: number;
  /** First play that it came to. */
  play: string;
}

interface Event {
  event: string;
  time: number;
  host?: string;
  task?: string;
  play?: string;
  seconds?: number;
  status?: string;
  hosts?: Record<string, { changed?: number }>;
}

/** The runs below a folder in which something happened since then. */
export async function runsSince(folder: string, since: number): Promise<Run[]> {
  const names = await readdir(folder).catch(() => []);
  const runs = await Promise.all(names.map((name) => readRun(join(folder, name))));
  return runs.filter((run) => run !== undefined).filter(({ to }) => to >= since);
}

async function readRun(folder: string): Promise<Run | undefined> {
  const [key, file] = ['key.json', 'events.jsonl'].map((name) => join(folder, name)) as [string, string];
  if (!existsSync(key) || !existsSync(file)) return undefined;
  const { workflowId } = JSON.parse(await readFile(key, 'utf8')) as { workflowId: string };
  const events = (await readFile(file, 'utf8')).split('\n').flatMap(parsed);
  if (events.length === 0) return undefined;
  const recap = events.findLast(({ event }) => event === 'recap');
  const ended = events.filter(({ event }) => event === 'host_result');
  return {
    workflowId,
    starts: events.filter(({ event }) => event === 'start').length,
    done: events.filter(({ event }) => event === 'host_done').map(({ host }) => host!),
    ...(recap && { changed: Object.values(recap.hosts ?? {}).reduce((sum, { changed = 0 }) => sum + changed, 0) }),
    tasks: ended.map(({ host, task, time, seconds = 0, status }) => ({ host: host!, task: task ?? '', from: (time - seconds) * 1000, to: time * 1000, hasChanged: status === 'changed' })),
    from: events[0]!.time * 1000,
    to: events.at(-1)!.time * 1000,
    play: events.find(({ play }) => play !== undefined)?.play ?? '',
  };
}

/** A line that a crash tore is no event. */
function parsed(line: string): Event[] {
  try {
    return [JSON.parse(line) as Event];
  } catch {
    return [];
  }
}
