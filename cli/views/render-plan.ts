import { TITLE } from '../../contract/operation-words.ts';
import type { SourceSeen } from '../../contract/artifact.ts';
import type { DeployPlan, ProvisionPlan } from '../../contract/plan.ts';
import { paint } from '../output/paint.ts';
import { printableLine } from '../output/printable.ts';
import { table } from '../output/table.ts';

const fromOf = (source: SourceSeen): string => ('commit' in source ? `commit ${source.commit}` : `files with the checksum ${source.checksum}`);

/** A plan, for a person: what will be done, host by host. */
export function renderPlan(plan: DeployPlan | ProvisionPlan): string {
  const heading = paint('bold', `${TITLE[plan.operation]} ${plan.subject}`);
  const changes = table(['host', 'change'], plan.changes.map(({ host, change }) => [host, printableLine(change)]));
  if (plan.operation === 'provision') return [heading, changes].filter(Boolean).join('\n\n');
  const { batches, release, source, leftOut } = plan;
  return [
    `${heading}: release ${release.id}${source ? ` from ${fromOf(source)}` : ''}, in ${batches.length === 1 ? '1 batch' : `${batches.length} batches`}`,
    table(['batch', 'members', ''], batches.map(({ label, members, drain }) => [label, members.join(' '), drain ? '' : 'not drained: none would be left in service'])),
    changes,
    table(['left out', 'why'], Object.entries(leftOut).map(([member, why]) => [member, printableLine(why)])),
    paint('dim', 'Nothing has been changed.'),
  ]
    .filter(Boolean)
    .join('\n\n');
}
