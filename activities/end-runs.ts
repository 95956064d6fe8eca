import type { OperationRun } from '../contract/turn.ts';
import { reapRuns } from './ansible/reap-runs.ts';
import type { RunSettings } from './ansible/run-request.ts';

/** Ends what still runs on this machine for one run of an operation, which is closed. Returns how many runs of Ansible that were. */
export async function endRuns(settings: RunSettings, { workflowId, runId }: OperationRun): Promise<number> {
  const ended = await reapRuns(settings, async (key) => key.workflowId !== workflowId || key.runId !== runId);
  return ended.length;
}
