import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { openStateFolder } from '../client/local/state-folder.ts';

/** A run of Ansible whose folder is on this machine. */
export interface FoundRun {
  /** What the run was for, as Temporal's page says it. */
  step: string;
  folder: string;
  /** Ansible's own output so far. */
  text: string;
}

/** The runs of an operation, in the order in which they were started. */
export async function findRuns(temporal: Client, { workflowId, runId }: { workflowId: string; runId: string }): Promise<FoundRun[]> {
  const { runs } = openStateFolder();
  const folders = await readdir(runs).catch((): string[] => []);
  const keys = await Promise.all(folders.map(async (name) => ({ folder: join(runs, name), key: await readKey(join(runs, name, 'key.json')) })));
  const own = keys.filter(({ key }) => key?.workflowId === workflowId && key.runId === runId);
  if (own.length === 0) return [];
  const steps = await activitySummaries(temporal, workflowId, runId);
  const found = own.map(async ({ folder, key }) => {
    const activity = steps.get(activityOf(key!.activityId, steps));
    return { step: activity?.step ?? key!.activityId, order: activity?.order ?? Infinity, folder, text: await readFile(join(folder, 'ansible.log'), 'utf8').catch(() => '') };
  });
  return (await Promise.all(found)).sort((a, b) => a.order - b.order).map(({ step, folder, text }) => ({ step, folder, text }));
}

interface Activity {
  step: string;
  order: number;
}

/** A run that is a part of an activity bears the activity's id and more: `5-seal-2`. */
const activityOf = (id: string, known: Map<string, Activity>): string => (known.has(id) ? id : (id.split('-')[0] ?? id));

async function activitySummaries(temporal: Client, workflowId: string, runId: string): Promise<Map<string, Activity>> {
  const { events } = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
  const scheduled = (events ?? []).flatMap((event) => {
    const attributes = event.activityTaskScheduledEventAttributes;
    if (!attributes?.activityId) return [];
    const summary = event.userMetadata?.summary?.data;
    const step = summary ? (JSON.parse(Buffer.from(summary).toString()) as string) : (attributes.activityType?.name ?? attributes.activityId);
    return [[attributes.activityId, { step: `${attributes.activityType?.name}: ${step}`, order: Number(event.eventId) }] as const];
  });
  return new Map(scheduled);
}

async function readKey(path: string): Promise<{ workflowId: string; runId: string; activityId: string } | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as { workflowId: string; runId: string; activityId: string };
  } catch {
    return undefined;
  }
}
