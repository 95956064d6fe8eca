import type { Choice, DecisionRecord, Question } from '../../contract/decision.ts';
import { paint } from '../output/paint.ts';
import { printable, printableLine } from '../../contract/printable.ts';
import { table } from '../output/table.ts';
import { duration, moment } from '../output/time.ts';

/** What an operation asks, for a person: what has happened, the command for each choice, and until when. @param now milliseconds since the epoch. */
export function renderQuestion(question: Question, subject: string, now: number): string {
  const { situation, choices, until, otherwise } = question;
  const left = Math.max(0, Date.parse(until) - now) / 1000;
  return [
    `${paint('yellow', '⏸')} ${printable(situation)}`,
    table(['what you can say', 'what it does'], choices.map((choice) => [commandOf(choice, subject), printableLine(choice.effect)])),
    `It waits until ${moment(new Date(until))} (${duration(left)}); if nobody has decided by then: ${otherwise}.`,
  ].join('\n\n');
}

/** The command line that makes a choice. */
export function commandOf({ decision, host }: Pick<Choice, 'decision' | 'host'>, subject: string): string {
  if (decision === 'skip') return `musher skip ${host} ${subject}`;
  // Never the start of a roll back, should the pause have ended meanwhile.
  return `musher ${decision} ${subject}${decision === 'rollback' ? ' --paused' : ''}`;
}

/** What was decided, by whom and when: a sentence. */
export const tellDecision = ({ step, decision, host, by, at }: DecisionRecord): string =>
  `Decided at "${printableLine(step)}": ${[decision, host].filter(Boolean).join(' ')}, ${by === null ? 'since nobody answered in time' : `by ${printableLine(by, 80)}`}, at ${moment(new Date(at))}.`;
