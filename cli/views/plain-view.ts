import type { View } from '../follow.ts';
import { print } from '../output/print.ts';
import { printableLine } from '../../contract/printable.ts';
import { duration } from '../output/time.ts';
import { decisionNewsOf } from './decision-news.ts';
import { renderQuestion, tellDecision } from './render-question.ts';
import { newsOf, type StepNews } from './step-news.ts';

/** A line for each change, where there is no terminal. */
export function plainView(): View {
  const news = newsOf();
  const newsOfDecisions = decisionNewsOf();
  let waitingFor = '';
  return {
    show(progress) {
      waitingFor = '';
      for (const step of news(progress)) print(line(step));
      const { question, decided } = newsOfDecisions(progress);
      for (const decision of decided) print(tellDecision(decision));
      if (question) print(`\n${renderQuestion(question, progress.subject, Date.now())}\n`);
    },
    waiting(whatFor) {
      if (whatFor !== waitingFor) print(`Waiting for ${whatFor} …`);
      waitingFor = whatFor;
    },
    close() {},
  };
}

function line({ name, state, hosts, startedAt, endedAt, note }: StepNews): string {
  const where = hosts.length > 0 ? ` (${hosts.join(', ')})` : '';
  const time = startedAt !== undefined && endedAt !== undefined ? ` after ${duration((endedAt - startedAt) / 1000)}` : '';
  return `${name}${where}: ${state}${time}${note ? `: ${printableLine(note)}` : ''}`;
}
