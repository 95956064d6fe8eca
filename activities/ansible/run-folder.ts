import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunKey, RunSettings } from './run-request.ts';

/** What a folder tells of whose run it is. */
export type KeptKey = RunKey & { namespaceId?: RunSettings['namespaceId'] | undefined };

/** Who keeps a run: enough to tell it from another process that got its number later. */
export interface Supervisor {
  pid: number;
  startTime: number;
  bootId: string;
  /** How many times the run has been started; more than once only after it died. */
  generation: number;
}

/** How a run ended. `code` is that of ansible-playbook. */
export interface RunExit {
  generation: number;
  reason: 'ended' | 'stopped' | 'timed-out';
  code: number | null;
  seconds: number;
  diskFull: boolean;
}

/** The folder of a run: a readable part, and a digest that is unique and safe whatever the workflow id is. */
export function runFolder(runsFolder: string, key: RunKey): string {
  const digest = createHash('sha256').update(JSON.stringify([key.workflowId, key.runId, key.activityId])).digest('hex');
  const readable = `${key.workflowId}.${key.activityId}`.replace(/[^A-Za-z0-9.]+/g, '-').replace(/^[-.]+/, '').slice(0, 60);
  return join(runsFolder, `${readable}.${digest.slice(0, 32)}`);
}

/** Makes the folder, private, if it is not there. */
export async function makeRunFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

/** By rename: a key that is half there would be nobody's. */
export async function writeKey(folder: string, key: KeptKey): Promise<void> {
  const draft = join(folder, `.key.${randomUUID()}`);
  await writeFile(draft, JSON.stringify(key), { mode: 0o600 });
  await rename(draft, join(folder, 'key.json'));
}

export const readKey = (folder: string): Promise<KeptKey | undefined> => readJson<KeptKey>(join(folder, 'key.json'));

export const readExit = (folder: string): Promise<RunExit | undefined> => readJson<RunExit>(join(folder, 'exit.json'));

export const readSupervisor = (folder: string): Promise<Supervisor | undefined> => readJson<Supervisor>(join(folder, 'supervisor.json'));

/** Whether somebody keeps the run at present. Cheap enough to ask many times a second; a new supervisor asks the lock. */
export async function isKept(folder: string): Promise<boolean> {
  return (await livingSupervisor(folder)) !== undefined;
}

export async function livingSupervisor(folder: string): Promise<Supervisor | undefined> {
  const supervisor = await readSupervisor(folder);
  const stat = supervisor && (await readText(`/proc/${supervisor.pid}/stat`));
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (!supervisor || !fields || fields[0] === 'Z' || Number(fields[19]) !== supervisor.startTime) return undefined;
  return (await readText('/proc/sys/kernel/random/boot_id'))?.trim() === supervisor.bootId ? supervisor : undefined;
}

/** The text of a file, or undefined if there is none. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readText(path);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}
