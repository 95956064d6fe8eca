import type { MusherClient, OperationSummary } from '../client/musher-client.ts';
import { parseSubject } from './subject.ts';

/** The operation under way of a subject, else its last one; undefined when there never was one. */
export async function latestOperation(client: MusherClient, subject: string): Promise<OperationSummary | undefined> {
  try {
    return await client.describe(parseSubject(subject).workflowId);
  } catch (error) {
    if ((error as Error).name === 'WorkflowNotFoundError') return undefined;
    throw error;
  }
}
