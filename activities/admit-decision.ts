import type { Decision } from '../contract/decision.ts';
import { isSigned } from '../contract/signature.ts';
import { ActivityError } from './activity-error.ts';

/**
 * Lets a person's decision in, or refuses it.
 *
 * It names its run and its question, and a question is answered once: what somebody found in a history decides nothing again.
 *
 * @param inputKey the local worker's key; undefined on a Temporal cluster, which has its own authorization.
 * @param asked the run that asked.
 * @throws {ActivityError} `input-refused`
 */
export function admitDecision(inputKey: Buffer | undefined, decision: Decision, asked: { workflowId: string; runId: string }): void {
  if (inputKey && !isSigned(decision, inputKey)) throw refused('It is not signed by the user of this worker, or was altered after it was.');
  if (decision.workflowId !== asked.workflowId || decision.runId !== asked.runId) throw refused('It is about another operation.');
}

const refused = (why: string) => new ActivityError('input-refused', `The decision was refused. ${why}`);
