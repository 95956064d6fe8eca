import type { Obstacle } from '../../client/obstacle.ts';
import { SPOKEN } from '../../contract/operation-words.ts';
import { shellWord } from '../../contract/shell-word.ts';
import { paint } from '../output/paint.ts';
import { printableLine } from '../output/printable.ts';
import { table } from '../output/table.ts';

interface Stopped {
  workflowId: string;
  operation: string;
}

const WHY: Record<Obstacle['because'], { cause: string; mend: string }> = {
  'other-version': {
    cause: 'the worker runs another version of Musher than the one that it was begun with, whose steps do not fit what it has done so far',
    mend: 'install the version that it was begun with',
  },
  bug: { cause: 'its own code fails in the worker, which is a bug in Musher', mend: 'install a version of Musher in which that is mended' },
};

/** Why an operation does not go on, for a person: the cause, how things stand, and the ways out. */
export function renderObstacle({ because, message }: Obstacle, { workflowId, operation }: Stopped, { address, namespace }: { address: string; namespace: string }): string {
  const { cause, mend } = WHY[because];
  const what = (SPOKEN as Record<string, string>)[operation] ?? operation;
  const terminate = ['temporal', 'workflow', 'terminate', '--address', address, '--namespace', namespace, '--workflow-id', workflowId];
  return [
    `${paint('red', '✗')} The ${what} cannot go on: ${cause}. It stands where it stood; nothing is lost, and nothing is undone. The worker says: ${printableLine(message, 300)}`,
    table(
      ['what you can do', 'what it does'],
      [
        [mend, 'it goes on by itself'],
        [terminate.map(shellWord).join(' '), 'it ends; members that it left drained, or half switched, serve again what they served before it'],
      ],
    ),
  ].join('\n\n');
}
