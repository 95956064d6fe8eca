import type { Obstacle } from '../../client/obstacle.ts';
import { queueWorkflowId } from '../../contract/names.ts';
import { SPOKEN } from '../../contract/operation-words.ts';
import { shellWord } from '../../contract/shell-word.ts';
import { paint } from '../output/paint.ts';
import { printableLine } from '../../contract/printable.ts';
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

interface Place {
  address: string;
  namespace: string;
}

/** Why an operation does not go on, for a person: the cause, how things stand, and the ways out. */
export function renderObstacle(obstacle: Obstacle, { workflowId, operation }: Stopped, place: Place): string {
  const what = (SPOKEN as Record<string, string>)[operation] ?? operation;
  return render(`The ${what}`, obstacle, workflowId, place, 'it ends; members that it left drained, or half switched, serve again what they served before it');
}

/** Why nobody of a group is given a turn. */
export const renderQueueObstacle = (obstacle: Obstacle, group: string, place: Place): string =>
  render(`The queue of ${group}, which others wait in,`, obstacle, queueWorkflowId(group), place, 'it ends; who asks for a turn next makes a new one, which looks for those that are under way');

function render(what: string, { because, message }: Obstacle, workflowId: string, { address, namespace }: Place, effect: string): string {
  const { cause, mend } = WHY[because];
  const terminate = ['temporal', 'workflow', 'terminate', '--address', address, '--namespace', namespace, '--workflow-id', workflowId];
  return [
    `${paint('red', '✗')} ${what} cannot go on: ${cause}. It stands where it stood; nothing is lost, and nothing is undone. The worker says: ${printableLine(message, 300)}`,
    table(
      ['what you can do', 'what it does'],
      [
        [mend, 'it goes on by itself'],
        [terminate.map(shellWord).join(' '), effect],
      ],
    ),
  ].join('\n\n');
}
