import type { DecisionRecord, Question } from '../contract/decision.ts';
import type { QueueView } from '../contract/turn.ts';
import type { NotUndone, OperationResult, StepReport, StepState } from '../contract/result.ts';

const MARK: Record<StepState, string> = {
  waiting: '·',
  running: '▶',
  retrying: '↻',
  paused: '⏸',
  done: '✓',
  failed: '✗',
  undoing: '◀',
  undone: '↩',
  skipped: '–',
};

interface Shown {
  steps: readonly StepReport[];
  question?: Question | undefined;
  decisions: readonly DecisionRecord[];
  result?: OperationResult | undefined;
}

/** The operation as Markdown, for Temporal's page. */
export function describeOperation({ steps, question, decisions, result }: Shown): string {
  const lines = steps.map(({ name, state, hosts, startedAt, endedAt, note }) => {
    const where = hosts.length ? ` (${hosts.join(', ')})` : '';
    const took = startedAt && endedAt ? ` – ${((endedAt - startedAt) / 1000).toFixed(1)} s` : '';
    return `- ${MARK[state]} **${name}**${where}: ${state}${took}${note ? ` – ${note}` : ''}`;
  });
  const decided = decisions.map(({ step, decision, host, by, at }) => `- ${step}: **${[decision, host].filter(Boolean).join(' ')}**, ${by ?? 'nobody in time'}, ${moment(Date.parse(at))}`);
  return [
    ...(result ? [result.message, ''] : question ? [`⏸ ${question.message}`, ''] : []),
    ...lines,
    ...(decided.length > 0 ? ['', 'Decided:', ...decided] : []),
  ].join('\n');
}

/** The line of a group as Markdown, for Temporal's page. */
export const describeQueue = (view: QueueView): string =>
  view.map(({ state, operation, subject, requestedBy }) => `- **${state}**: ${operation} ${subject} (${requestedBy})`).join('\n') || 'Nobody is in the queue.';

/** A text as a sentence: it ends with a full stop, unless it ends like one already. */
export const sentence = (text: string): string => (/[.!?]["'`)]?$/.test(text.trimEnd()) ? text.trimEnd() : `${text.trimEnd()}.`);

/** Sentences: what is left to a person, and the commands that mend it. None where nothing is. @param said how they begin. */
export function tellLeft(said: string, left: readonly NotUndone[]): string[] {
  if (left.length === 0) return [];
  const commands = [...new Set(left.flatMap(({ mend }) => mend ?? []))].map((command) => `\`${command}\``);
  const what = `${said}: ${sentence(left.map(({ step, message }) => `${step} (${message})`).join('; '))}`;
  return [what, ...(commands.length > 0 ? [`Mended, once the cause is gone, by ${listed(commands)}.`] : [])];
}

/** `a`, `a and b`, `a, b and c`. */
export const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** The last part of a path. */
export const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** `2025-03-01 12:30:05 UTC`, of milliseconds since the epoch. */
export const moment = (time: number): string => `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
