import type { DeployPlan, ProvisionPlan } from '../contract/plan.ts';
import type { AgreedPlan } from '../contract/requests.ts';
import { canonicalJson, hashOf } from '../spec/hash.ts';
import { PlanError } from './plan-error.ts';

type Plan = DeployPlan | ProvisionPlan;

/** What a request carries of a plan that somebody has read, so that this one is done or none. */
export function agreedPlan(plan: Plan): AgreedPlan {
  const source = plan.operation === 'provision' ? undefined : plan.source;
  return { digest: digestOf(plan), parts: partsOf(plan), ...(source && { source }), changes: plan.changes.map(wordsOf(plan)) };
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
  const theirs = agreed.parts;
  const differs = theirs ? Object.entries({ ...theirs, ...partsOf(plan) }).flatMap(([part, digest]) => (theirs[part] === digest ? [] : (SAID[part] ?? `its "${part}" is another one`))) : [];
  const words = [...new Set(differs)];
  const parts = [...(words.length ? [`Since then: ${words.join('; ')}.`] : []), ...(gone.length ? [`No longer: ${gone.join('; ')}.`] : []), ...(added.length ? [`Now: ${added.join('; ')}.`] : [])];
  throw new PlanError('plan-changed', ['This is not what was planned: the spec or the servers have changed since.', ...parts].join(' '));
}

/** Equal for plans that do the same from the same state; deploys may go on between a plan of a provision and that. The id of a new release is another one each time; what it is built from, the build looks at. */
const digestOf = (plan: Plan): string => hashOf(withoutId(plan, canonicalJson({ ...plan, source: undefined, epochs: undefined })));

/** What the parts of plans are to a person, where they differ. */
const SAID: Record<string, string> = {
  target: 'the spec has changed',
  group: 'the spec has changed',
  servers: 'the spec has changed',
  environments: 'the spec has changed',
  epoch: 'another operation has run',
  observed: 'the servers are not as they were found',
  members: 'the members are not as they were found',
  leftOut: 'not the same servers answer',
  tolerate: 'not as many members may fail',
  batches: 'the batches are others',
  release: 'the release is another one',
  prune: 'old releases are deleted on other servers',
  keepIds: 'other releases are kept',
  playbooks: 'a playbook among its hooks is another one',
};

/** What is named elsewhere: what it is about, and what is done host by host; and what deploys of a provision's environments change. */
const NAMED = new Set(['operation', 'subject', 'scope', 'source', 'changes', 'epochs']);

/** A digest of each part of a plan. */
const partsOf = (plan: Plan): Record<string, string> =>
  Object.fromEntries(Object.entries(plan).flatMap(([part, value]) => (NAMED.has(part) ? [] : [[part, hashOf(withoutId(plan, canonicalJson(value)))]])));

const wordsOf =
  (plan: Plan) =>
  ({ host, change }: Plan['changes'][number]): string =>
    `${host}: ${withoutId(plan, change)}`;

const withoutId = (plan: Plan, text: string): string => (plan.operation === 'deploy' ? text.replaceAll(plan.release.id, 'the new release') : text);
