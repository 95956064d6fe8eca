import type { Client } from '@temporalio/client';
import { ofTypes, requestedBy, subjectKey } from '../../contract/listing.ts';
import { OPERATIONS, SearchAttribute, WorkflowType } from '../../contract/names.ts';
import type { OperationResult } from '../../contract/result.ts';
import type { Ask } from '../../contract/turn.ts';
import { LABEL } from '../../spec/text/label.ts';

/** The operations of a group that are under way or wait, as Temporal knows them, the oldest first. */
export async function findOperations(client: Client, group: string): Promise<Omit<Ask, 'turn'>[]> {
  // Anybody may have sent the name.
  if (!LABEL.test(group)) return [];
  const found: Omit<Ask, 'turn'>[] = [];
  for await (const info of client.workflow.list({
    query: `${ofTypes([...OPERATIONS, WorkflowType.recover])} AND ${SearchAttribute.group} = '${group}' AND ExecutionStatus = 'Running'`,
  })) {
    found.push({
      workflowId: info.workflowId,
      runId: info.runId,
      operation: info.type as OperationResult['operation'],
      subject: info.typedSearchAttributes.get(subjectKey) ?? group,
      requestedBy: requestedBy(info) ?? 'somebody',
      askedAt: info.startTime.toISOString(),
    });
  }
  return found.sort((a, b) => (a.askedAt < b.askedAt ? -1 : 1));
}
