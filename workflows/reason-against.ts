import type { Decision, DecisionRecord, Question } from '../contract/decision.ts';
import { moment } from './describe.ts';

interface Asked {
  workflowId: string;
  runId: string;
  question: Question | undefined;
  /** Whether decisions must be signed. */
  signs: boolean;
  /** What was decided last. */
  last: DecisionRecord | undefined;
  /** Why a host cannot be skipped: a sentence. */
  whyNotSkip: ((host: string) => string) | undefined;
}

const SIGNATURE = /^[0-9a-f]{64}$/;
/** What goes into the record, and from there to people. */
const LONGEST_NAME = 200;

/** Why a decision cannot be right, whoever made it: a sentence; undefined where nothing speaks against it. Anybody may have sent anything. */
export function reasonAgainst(sent: unknown, { workflowId, runId, question, signs, last, whyNotSkip }: Asked): string | undefined {
  if (typeof sent !== 'object' || sent === null) return 'It is no decision.';
  const decision = sent as Partial<Record<keyof Decision, unknown>>;
  if (decision.version !== 1) return 'It is no decision of version 1.';
  const { decidedBy, host } = decision;
  if (typeof decidedBy !== 'string' || decidedBy.length > LONGEST_NAME) return 'It does not say who decides.';
  if (host !== undefined && (typeof host !== 'string' || host.length > LONGEST_NAME)) return 'Its host is no name.';
  if (decision.workflowId !== workflowId || decision.runId !== runId) return 'It is about another operation.';
  if (signs && (typeof decision.signature !== 'string' || !SIGNATURE.test(decision.signature))) return 'It is not signed by the user of this worker.';
  if (!question) return `Nothing is to be decided.${last ? ` ${told(last)}` : ''}`;
  if (decision.question !== question.id) return 'What it answers is no longer the question.';
  if (question.choices.some((choice) => choice.decision === decision.decision && choice.host === host)) return undefined;
  if (decision.decision === 'skip' && host !== undefined && question.about === 'failure' && whyNotSkip) return whyNotSkip(host);
  const choices = question.choices.map((choice) => [choice.decision, choice.host].filter(Boolean).join(' '));
  return `That is no answer here. There are: ${choices.join(', ')}.`;
}

const told = ({ decision, host, step, by, at }: DecisionRecord): string =>
  `The last decision, on "${step}", was ${[decision, host].filter(Boolean).join(' ')}, ${by === null ? 'since nobody decided in time' : `by ${by}`}, at ${moment(Date.parse(at))}.`;
