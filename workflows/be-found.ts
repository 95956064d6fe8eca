import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { attributesOf, groupKey, subjectKey } from '../contract/listing.ts';

/** Sees to it that this operation is found, whoever started it: a queue that is started anew must not overlook it. */
export function beFound(group: string, subject: string): void {
  const { typedSearchAttributes: known } = workflowInfo();
  if (known.get(groupKey) === group && known.get(subjectKey) === subject) return;
  upsertSearchAttributes(attributesOf(group, subject));
}
