import type { View } from '../follow.ts';
import { printEvent } from '../output/print.ts';
import { decisionNewsOf } from './decision-news.ts';
import { newsOf } from './step-news.ts';

/** One JSON line for each change, for a program. */
export function jsonView(): View {
  const news = newsOf();
  let lastRuns = '[]';
  const newsOfDecisions = decisionNewsOf();
  let waitingFor = '';
  return {
    show(progress, runs) {
      waitingFor = '';
      for (const step of news(progress)) printEvent({ event: 'step', step });
      const { question, decided } = newsOfDecisions(progress);
      for (const decision of decided) printEvent({ event: 'decided', decision });
      if (question) printEvent({ event: 'question', question });
      const now = JSON.stringify(runs);
      if (now !== lastRuns) for (const run of runs) printEvent({ event: 'run', run });
      lastRuns = now;
    },
    waiting(whatFor) {
      if (whatFor !== waitingFor) printEvent({ event: 'waiting', for: whatFor });
      waitingFor = whatFor;
    },
    close() {},
  };
}
