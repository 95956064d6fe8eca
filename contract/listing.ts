import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { SearchAttribute, type WorkflowType } from './names.ts';

// What operations are found by in Temporal's lists, and what these say of them.

export const groupKey = defineSearchAttributeKey(SearchAttribute.group, 'KEYWORD');
export const subjectKey = defineSearchAttributeKey(SearchAttribute.subject, 'KEYWORD');

/** The search attributes of an operation. */
export const attributesOf = (group: string, subject: string): SearchAttributePair[] => [
  { key: groupKey, value: group },
  { key: subjectKey, value: subject },
];

/** Of a list's query: workflows of these types. */
export const ofTypes = (types: readonly WorkflowType[]): string => `WorkflowType IN (${types.map((type) => `'${type}'`).join(', ')})`;

/** The memo of an operation: who asked for it. */
export const memoOf = ({ requestedBy }: { requestedBy: string }) => ({ requestedBy });

/** Who asked for an operation, by its memo; undefined where that does not say. */
export function requestedBy({ memo }: { memo?: Record<string, unknown> | undefined }): string | undefined {
  const said = memo?.['requestedBy'];
  return typeof said === 'string' ? said : undefined;
}
