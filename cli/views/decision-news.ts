import type { DecisionRecord, Question } from '../../contract/decision.ts';
import type { Progress } from '../../contract/result.ts';

/** Tells, at each call, what is asked that was not asked at the one before, and what has been decided since. */
export function decisionNewsOf(): (progress: Progress) => { question: Question | undefined; decided: DecisionRecord[] } {
  let asked = 0;
  let known = 0;
  return ({ question, decisions = [] }) => {
    const isNew = question !== undefined && question.id > asked;
    if (isNew) asked = question.id;
    const decided = decisions.slice(known);
    known = decisions.length;
    return { question: isNew ? question : undefined, decided };
  };
}
