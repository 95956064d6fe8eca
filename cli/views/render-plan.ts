import { TITLE } from '../../contract/operation-words.ts';
import type { SourceSeen } from '../../contract/artifact.ts';
import type { DeployPlan, EnvironmentTarget, PlannedChange, ProvisionPlan } from '../../contract/plan.ts';
import type { Source } from '../../spec/spec.ts';
import { paint } from '../output/paint.ts';
import { printableLine } from '../../contract/printable.ts';
import { table } from '../output/table.ts';

/** A hook's command may be as long as its author likes. */
const LONGEST_CHANGE = 200;

const fromOf = (source: SourceSeen): string => ('commit' in source ? `commit ${source.commit}` : `files with the checksum ${source.checksum}`);

/** A plan, for a person: what will be done, host by host. */
export function renderPlan(plan: DeployPlan | ProvisionPlan): string {
  const heading = paint('bold', `${TITLE[plan.operation]} ${plan.subject}`);
  const changes = table(['host', 'change'], rowsOf(plan.changes));
  if (plan.operation === 'provision') return [heading, changes, paint('dim', 'Nothing has been changed.')].filter(Boolean).join('\n\n');
  const { batches, release, source, leftOut, target } = plan;
  return [
    `${heading}: release ${release.id}${source ? ` from ${fromOf(source)}` : ''}, in ${batches.length === 1 ? '1 batch' : `${batches.length} batches`}`,
    plan.operation === 'deploy' ? madeFrom(target) : '',
    table(['batch', 'members', ''], batches.map(({ label, members, drain }) => [label, members.join(' '), drain ? '' : 'not drained: none would be left in service'])),
    changes,
    table(['left out', 'why'], Object.entries(leftOut).map(([member, why]) => [member, printableLine(why)])),
    paint('dim', 'Nothing has been changed.'),
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** The host once, and below it all that is done there. */
const rowsOf = (changes: readonly PlannedChange[]): string[][] =>
  changes.map(({ host, change }, index) => [changes[index - 1]?.host === host ? '' : host, printableLine(change, LONGEST_CHANGE)]);

/** What is done on the worker's machine before any server gets anything. */
function madeFrom({ project: { source, build } }: EnvironmentTarget): string {
  const from = `Made from ${placeOf(source)}`;
  return build === undefined ? `${from}; nothing is built.` : `${from}; built on the worker's machine with: ${printableLine(build, LONGEST_CHANGE)}`;
}

function placeOf(source: Source): string {
  switch (source.type) {
    case 'git':
      return `the repository ${printableLine(source.git)}`;
    case 'archive':
      return `the archive ${printableLine(source.archive)}`;
    case 'directory':
      return `the folder ${printableLine(source.directory)}`;
  }
}
