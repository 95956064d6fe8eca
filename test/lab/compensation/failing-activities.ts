import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, type Context } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInterceptors, Next, ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { readSupervisor, readText, runFolder, type RunExit } from '../../../activities/ansible/run-folder.ts';
import { processes } from '../traces.ts';
import { BEFALLEN, FAULT, TAKEN, type Fault } from './fault.ts';

/** Ansible's exit code for what it did not expect. */
const UNEXPECTED_ERROR = 250;

/** Interceptor of a worker's activities: has the fault befall that is written in the state folder, once. */
export const failing = (context: Context): ActivityInterceptors => ({
  inbound: {
    async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>) {
      const fault = take(context.info.activityType);
      if (!fault) return next(input);
      if (fault.when === 'before') fail();
      const ended = new AbortController();
      const watched = fault.task === undefined ? undefined : befall(context, { ...fault, task: fault.task }, ended.signal);
      try {
        const result = await next(input);
        if (fault.when === 'after') fail();
        return result;
      } finally {
        ended.abort();
        await watched;
      }
    },
  },
});

const home = (): string => process.env['MUSHER_HOME']!;

/** The fault that befalls this run of an activity. */
function take(activity: string): Fault | undefined {
  const path = join(home(), FAULT);
  let fault: Fault;
  try {
    fault = JSON.parse(readFileSync(path, 'utf8')) as Fault;
  } catch {
    return undefined;
  }
  if (fault.activity !== activity) return undefined;
  if (fault.skip) {
    writeFileSync(path, JSON.stringify({ ...fault, skip: fault.skip - 1 }));
    return undefined;
  }
  // Undoing may run the same activity: it must not befall that.
  renameSync(path, join(home(), fault.task === undefined ? BEFALLEN : TAKEN));
  return fault;
}

/** As the activities fail themselves (`activities/index.ts`). */
function fail(): never {
  throw ApplicationFailure.create({ type: 'task-failed', message: 'The test has it fail here.', nonRetryable: true, details: [{}] });
}

/**
 * Waits for the task, and kills or freezes Ansible in the middle of it; not its supervisor, nor the connections that others share. A run that was
 * killed would be started again: this one is told to have ended by itself, as Ansible does at an error of its own.
 */
async function befall({ info: { workflowExecution, activityId } }: Context, { when, task, delay = 0 }: Fault & { task: string }, ended: AbortSignal): Promise<void> {
  const folder = runFolder(join(home(), 'runs'), { workflowId: workflowExecution!.workflowId, runId: workflowExecution!.runId, activityId });
  for (; !(await hasBegun(folder, task)); await sleep(10)) if (ended.aborted) return;
  await sleep(delay);
  const supervisor = await readSupervisor(folder);
  if (ended.aborted || !supervisor) return;
  if (when === 'half') {
    writeFileSync(join(folder, 'exit.draft'), JSON.stringify({ generation: supervisor.generation, reason: 'ended', code: UNEXPECTED_ERROR, seconds: 0, diskFull: false } satisfies RunExit));
    renameSync(join(folder, 'exit.draft'), join(folder, 'exit.json'));
  }
  for (const { pid, command } of processes((environment) => environment.includes(`MUSHER_RUN=${folder}\0`))) {
    if (pid !== supervisor.pid && !command.startsWith('ssh: ')) send(pid, when === 'frozen' ? 'SIGSTOP' : 'SIGKILL');
  }
  renameSync(join(home(), TAKEN), join(home(), BEFALLEN));
}

async function hasBegun(folder: string, task: string): Promise<boolean> {
  const lines = ((await readText(join(folder, 'events.jsonl'))) ?? '').split('\n').filter((line) => line.includes('"task_start"'));
  return lines.some((line) => line.includes(task));
}

function send(pid: number, signal: 'SIGKILL' | 'SIGSTOP'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
