import logUpdate from 'log-update';
import type { Progress } from '../../contract/result.ts';
import type { RunProgress } from '../../contract/run.ts';
import type { View } from '../follow.ts';
import { paint } from '../output/paint.ts';
import { renderQuestion } from './render-question.ts';
import { renderSteps } from './render-steps.ts';

const FRAME_MS = 100;

/** A table of steps and hosts that is drawn over itself, in a terminal. */
export function liveView(): View {
  let shown: { progress: Progress; runs: RunProgress[] } | undefined;
  let waitingFor = '';
  const draw = () => {
    const table = shown ? renderSteps(shown.progress, shown.runs, Date.now(), Math.max(40, process.stdout.columns)) : '';
    const question = shown?.progress.question;
    const asked = question && shown ? `\n${renderQuestion(question, shown.progress.subject, Date.now())}\n` : '';
    logUpdate([table, asked, waitingFor && paint('yellow', `Waiting for ${waitingFor} …`), paint('dim', 'Ctrl-C lets go; the operation goes on.')].filter(Boolean).join('\n'));
  };
  const frames = setInterval(draw, FRAME_MS);
  return {
    show(progress, runs) {
      shown = { progress, runs };
      waitingFor = '';
    },
    waiting(whatFor) {
      waitingFor = whatFor;
    },
    close() {
      clearInterval(frames);
      // The result has the steps again, at their end.
      logUpdate.clear();
      logUpdate.done();
    },
  };
}
