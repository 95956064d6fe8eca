import type { Decision, DecisionName, Question } from '../contract/decision.ts';
import { whoAsks } from './who-asks.ts';

/** An answer, as a person gives it. */
export interface Answer {
  decision: DecisionName;
  /** With `skip`: the member. */
  host?: string;
}

/**
 * The decision that answers an operation's question: for `OperationHandle.decide`, once it is signed (`Connected.sign`).
 *
 * @param question as `OperationHandle.progress` told it: what was answered is what is decided, or nothing.
 */
export const decisionOn = ({ workflowId, runId }: { workflowId: string; runId: string }, { id }: Pick<Question, 'id'>, { decision, host }: Answer): Decision => ({
  version: 1,
  workflowId,
  runId,
  question: id,
  decision,
  ...(host !== undefined && { host }),
  decidedBy: whoAsks(),
});
