import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { pruneRuns } from '../activities/ansible/prune-runs.ts';
import { reapRuns } from '../activities/ansible/reap-runs.ts';
import type { RunKey, RunSettings } from '../activities/ansible/run-request.ts';

const INTERVAL_MILLISECONDS = 30_000;
const LIMITS = { maxAgeDays: 30, maxCount: 500 };

/**
 * Ends, now and then, the runs whose workflow has been closed (terminated, say: that tells nobody), and drops old folders.
 *
 * @returns stops it.
 */
export function startReaper(client: Client, settings: RunSettings): () => void {
  const isOpen = async ({ workflowId, runId }: RunKey): Promise<boolean> => {
    try {
      return (await client.workflow.getHandle(workflowId, runId).describe()).status.name === 'RUNNING';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  };
  let sweeping = false;
  const sweep = async () => {
    if (sweeping) return;
    sweeping = true;
    try {
      await reapRuns(settings, isOpen);
      await pruneRuns(settings, LIMITS);
    } catch (error) {
      // The server may be away for a while; the next sweep asks again.
      console.error(`runs could not be looked through: ${(error as Error).message}`);
    } finally {
      sweeping = false;
    }
  };
  void sweep();
  const timer = setInterval(() => void sweep(), INTERVAL_MILLISECONDS);
  return () => clearInterval(timer);
}
