import type { OperationResult, StepReport, StepState } from '../contract/result.ts';

const MARK: Record<StepState, string> = {
  waiting: '·',
  running: '▶',
  retrying: '↻',
  done: '✓',
  failed: '✗',
  undoing: '◀',
  undone: '↩',
  skipped: '–',
};

/** The operation as Markdown, for Temporal's page. */
export function describeSteps(steps: readonly StepReport[], result?: OperationResult): string {
  const lines = steps.map(({ name, state, hosts, startedAt, endedAt, note }) => {
    const where = hosts.length ? ` (${hosts.join(', ')})` : '';
    const took = startedAt && endedAt ? ` – ${((endedAt - startedAt) / 1000).toFixed(1)} s` : '';
    return `- ${MARK[state]} **${name}**${where}: ${state}${took}${note ? ` – ${note}` : ''}`;
  });
  return [...(result ? [result.message, ''] : []), ...lines].join('\n');
}

/** A text as a sentence: it ends with a full stop, unless it ends like one already. */
export const sentence = (text: string): string => (/[.!?]["'`)]?$/.test(text.trimEnd()) ? text.trimEnd() : `${text.trimEnd()}.`);

/** `a`, `a and b`, `a, b and c`. */
export const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
