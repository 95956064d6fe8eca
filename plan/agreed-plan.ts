import type { DeployPlan, ProvisionPlan } from '../contract/plan.ts';
import type { AgreedPlan } from '../contract/requests.ts';
import { canonicalJson, hashOf } from '../spec/hash.ts';
import { PlanError } from './plan-error.ts';

type Plan = DeployPlan | ProvisionPlan;

/** What a request carries of a plan that somebody has read, so that this one is done or none. */
export function agreedPlan(plan: Plan): AgreedPlan {
  const source = plan.operation === 'provision' ? undefined : plan.source;
  return { digest: digestOf(plan), ...(source && { source }), changes: plan.changes.map(wordsOf(plan)) };
}

/**
 * Holds a plan against the one that was agreed to.
 *
 * @param agreed undefined: whatever the plan is, it is agreed to.
 * @returns the plan.
 * @throws {PlanError} `plan-changed`: the spec or the servers are not as they were.
 */
export function requireAgreed<P extends Plan>(plan: P, agreed: AgreedPlan | undefined): P {
  if (!agreed || agreed.digest === digestOf(plan)) return plan;
  const now = plan.changes.map(wordsOf(plan));
  const added = now.filter((change) => !agreed.changes.includes(change));
  const gone = agreed.changes.filter((change) => !now.includes(change));
  const parts = [...(gone.length ? [`No longer: ${gone.join('; ')}.`] : []), ...(added.length ? [`Now: ${added.join('; ')}.`] : [])];
  throw new PlanError('plan-changed', ['This is not what was planned: the spec or the servers have changed since.', ...parts].join(' '));
}

/** Equal for plans that do the same from the same state. The id of a new release is another one each time; what it is built from, the build looks at. */
const digestOf = (plan: Plan): string => hashOf(withoutId(plan, canonicalJson({ ...plan, source: undefined })));

const wordsOf =
  (plan: Plan) =>
  ({ host, change }: Plan['changes'][number]): string =>
    `${host}: ${withoutId(plan, change)}`;

const withoutId = (plan: Plan, text: string): string => (plan.operation === 'deploy' ? text.replaceAll(plan.release.id, 'the new release') : text);
