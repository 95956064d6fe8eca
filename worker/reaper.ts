import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { pruneRuns } from '../activities/ansible/prune-runs.ts';
import { capLog } from '../client/local/log-file.ts';
import { reapRuns } from '../activities/ansible/reap-runs.ts';
import type { RunKey, RunSettings } from '../activities/ansible/run-request.ts';

const INTERVAL_MILLISECONDS = 30_000;
const LIMITS = { maxAgeDays: 30, maxCount: 500 };

/**
 * Ends, now and then, the runs of this client's namespace whose workflow has been closed (terminated, say: that tells nobody), drops old
 * folders, and cuts logs that have grown too long.
 *
 * @returns stops it.
 */
export function startReaper(client: Client, settings: RunSettings, logs: readonly string[]): () => void {
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
      for (const log of logs) capLog(log);
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
