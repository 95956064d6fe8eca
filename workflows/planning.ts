import type { Planned, Said } from '../activities/plan-operation.ts';
import type { Artifact } from '../contract/artifact.ts';
import type { DeployPlan, PlannedChange } from '../contract/plan.ts';
import type { DeployRequest, RollBackRequest } from '../contract/requests.ts';
import type { OperationFailure } from '../contract/result.ts';
import type { Group } from '../spec/spec.ts';
import { listed } from './describe.ts';
import type { Operation } from './operation.ts';
import { planWithPatience } from './plan-with-patience.ts';
import { environmentOf, groupOf, patienceOf, subjectOf } from './request.ts';
import { waysOutUnchanged, type WaysOut } from './ways-out.ts';
import { whyIndispensable } from './why-indispensable.ts';

/** How a deploy or a roll back comes to its plan: from what the servers are found with, from who may be missing, and from who approves. */
export class Planning {
  readonly #operation: Operation;
  readonly #request: DeployRequest | RollBackRequest;
  readonly #look: (said: Said) => Promise<Planned<DeployPlan>>;
  /** Members that a person left out, and why. */
  readonly #without: Record<string, string> = {};

  /** @param look observes the servers and plans. */
  constructor(operation: Operation, request: DeployRequest | RollBackRequest, look: (said: Said) => Promise<Planned<DeployPlan>>) {
    this.#operation = operation;
    this.#request = request;
    this.#look = look;
  }

  plan(): Promise<DeployPlan> {
    // Whoever may be left out is waited for all the same, as long as the patience lasts.
    const missesNobody = ({ leftOut }: DeployPlan): boolean => Object.keys(leftOut).every((member) => member in this.#without);
    return this.#operation.step(
      'observe and plan',
      [],
      (step) => planWithPatience(step, patienceOf(this.#request), () => this.#look({ without: this.#without }), missesNobody),
      undefined,
      (failure) => this.#waysOut(groupOf(this.#request), failure),
    );
  }

  /**
   * Has the plan approved, where the environment asks for that; the servers are then held against it once more.
   *
   * @throws {StepFailed} `not-approved`
   */
  async approved(plan: DeployPlan, artifact?: Artifact): Promise<DeployPlan> {
    const { approval } = environmentOf(this.#request)!;
    if (!approval) return plan;
    await this.#operation.approval({ situation: tellPlan(subjectOf(this.#request), plan, artifact), effect: 'it is carried out', seconds: approval.withinSeconds });
    // Hours may have passed.
    return this.#operation.step('look again', [], (step) =>
      planWithPatience(step, patienceOf(this.#request), () => this.#look({ without: this.#without, approved: plan })),
    );
  }

  #waysOut(group: Group, failure: OperationFailure): WaysOut {
    const unchanged = waysOutUnchanged('the servers are looked at again');
    const left = group.members.filter((member) => !(member in this.#without));
    const whyNotSkip = (host: string): string | undefined => {
      const needed = whyIndispensable(group, host);
      if (needed !== undefined) return needed;
      if (host in this.#without) return `${host} is left out already.`;
      if (!(host in failure.hosts)) return `${host} has not failed.`;
      return left.length === 1 ? `Without ${host} no member would be left.` : undefined;
    };
    const skips = Object.keys(failure.hosts)
      .filter((host) => whyNotSkip(host) === undefined)
      .map((host) => ({
        decision: 'skip' as const,
        host,
        effect: `it goes on with ${listed(left.filter((member) => member !== host))}; ${host} is held out of service and listed as behind until a later deploy reaches it`,
        take: async () => void (this.#without[host] = failure.hosts[host]!),
      }));
    return { ...unchanged, ways: [unchanged.ways[0]!, ...skips, ...unchanged.ways.slice(1)], whyNotSkip: (host) => whyNotSkip(host)! };
  }
}

const tellChanges = (changes: readonly PlannedChange[]): string =>
  [...new Set(changes.map(({ host }) => host))].map((host) => `${host}: ${changes.flatMap((one) => (one.host === host ? one.change : [])).join(', ')}`).join('; ');

/** What is to be approved, in a paragraph. */
function tellPlan(subject: string, { operation, release, batches, changes }: DeployPlan, artifact: Artifact | undefined): string {
  const from = artifact ? ` (${[artifact.commit && `commit ${artifact.commit}`, `${artifact.files} files`].filter(Boolean).join(', ')})` : '';
  const what = operation === 'deploy' ? `The deploy of ${subject}: release ${release.id}${from}` : `The roll back of ${subject} to release ${release.id}`;
  const how = `in ${batches.length === 1 ? '1 batch' : `${batches.length} batches`}`;
  return `${what}, ${how}, waits for an approval. ${tellChanges(changes)}. Nothing has been changed.`;
}
