import type { MusherClient, OperationSummary } from '../client/musher-client.ts';
import { CommandError } from './command-error.ts';
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

export const unknownOperation = (subject: string): CommandError =>
  new CommandError(
    `No operation on ${subject} is known. Check the name with "musher status", or start one with "musher ${subject.includes('/') ? 'deploy' : 'provision'} ${subject}".`,
  );
