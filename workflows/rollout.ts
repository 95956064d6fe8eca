import type { FailureType } from '../contract/failures.ts';
import type { DeployPlan } from '../contract/plan.ts';
import type { EnvironmentStage, Ordinal } from '../contract/stage.ts';
import { listed } from './describe.ts';
import type { Mend } from './inverses.ts';
import type { Operation } from './operation.ts';
import { run } from './profiles.ts';
import { RolloutWays } from './rollout-ways.ts';
import { runOnHosts, type HostFailure } from './run-on-hosts.ts';
import { StepFailed } from './step-failed.ts';
import type { Step } from './step.ts';

/** Failures that lie with a host, not with the release: what a spec's `tolerate` is about. */
export const OF_THE_HOST: ReadonlySet<FailureType> = new Set(['host-unreachable', 'authentication-failed', 'become-failed', 'disk-full']);

/** How long undoing waits at most for a host that does not answer, in seconds: what serves must not wait for it. */
const UNDO_PATIENCE = 20;

/** What the balancers are told: whom not to ask, and whom to ask if the health check says so. */
export interface Admission {
  held: string[];
  released: string[];
}

/** A release on its way to the members of an environment: who is with it, and who had to be left out. */
export class Rollout {
  readonly plan: DeployPlan;
  readonly leftOut: Record<string, string>;
  /** Of those the ones that the balancers may ask again, since everything is put back. */
  readonly readmitted = new Set<string>();
  /** Members that serve the new release. */
  readonly switched = new Set<string>();
  /** Members of a batch that failed, which are held while a person is waited for. */
  readonly parked = new Set<string>();
  /** Members of one that should have been put back instead and could not be: nobody knows what they serve. */
  readonly lost = new Set<string>();
  /** Members that have been told to serve the new release, and not with success to serve the one before. */
  readonly mayServe = new Set<string>();
  readonly ways: RolloutWays;
  /** How long to go on asking hosts that do not answer, in seconds: forward, and while undoing. */
  readonly patience: number;
  readonly undoPatience: number;
  readonly #operation: Operation;
  /** Members that are left out, and that not every balancer has been told of. */
  readonly #toHold = new Set<string>();
  #skipped = 0;

  constructor(operation: Operation, plan: DeployPlan) {
    this.#operation = operation;
    this.plan = plan;
    this.leftOut = { ...plan.leftOut };
    this.ways = new RolloutWays(this);
    this.patience = plan.target.environment.retryTimeoutSeconds;
    this.undoPatience = Math.min(UNDO_PATIENCE, this.patience);
    operation.mendBy((host) => this.#mend(host));
  }

  get members(): string[] {
    return this.plan.target.group.members.filter((member) => !(member in this.leftOut));
  }

  /** Who gets a part of the release: the members, unless their code is on the storage, and the storage. */
  get holders(): string[] {
    const { code, storage } = this.plan.target.group;
    return [...new Set([...(code === 'rsync' ? this.members : []), ...(storage ? [storage.server] : [])])];
  }

  stage(ordinal: Ordinal): EnvironmentStage {
    const { scope, epoch, target } = this.plan;
    return { scope, epoch, ...ordinal, holder: this.#operation.turn.holder, target };
  }

  /** Keeps the balancers from asking the members that are left out, before anything else changes. */
  async leaveOut(): Promise<void> {
    const names = Object.keys(this.leftOut);
    if (names.length === 0) return;
    await this.#operation.step(
      'leave out',
      names,
      (step) => this.#hold(step, names),
      (step) => this.#readmit(step, 'leave out', names),
      (failure) => this.ways.of(failure, { retry: `${listed(Object.keys(failure.hosts))} asked again`, skip: null }),
    );
  }

  /** Takes a member that failed out of what follows, since a person said so. Its own inverse puts it back. */
  async skip(step: Step, member: string, why: string): Promise<void> {
    this.#skipped++;
    await this.#leaveOutNow(step, { [member]: why });
  }

  /** The same in the middle of a switch: it is put back with its batch. */
  async skipOfBatch(step: Step, member: string, why: string): Promise<void> {
    this.#skipped++;
    await this.#takeOut(step, { [member]: why });
  }

  /** Takes members that failed in the middle of a switch out of what follows. @throws {StepFailed} the spec does not tolerate it. */
  async leaveOutOfBatch(step: Step, failures: Record<string, HostFailure>): Promise<void> {
    await this.#takeOut(step, this.#tolerated(failures));
  }

  /** Tells the balancers of those that are left out, where that did not come about before. */
  async holdRest(step: Step): Promise<void> {
    if (this.#toHold.size > 0) await this.#hold(step, [...this.#toHold]);
  }

  /**
   * Runs a step on those of the hosts that have not finished it; a member that fails for a reason of its own is left out, if the spec tolerates it.
   *
   * @param finished takes up who has, so that a second try leaves them alone.
   */
  async onHosts(step: Step, hosts: readonly string[], finished: Set<string>, ask: Parameters<typeof runOnHosts>[2]): Promise<void> {
    await this.holdRest(step);
    const left = hosts.filter((host) => !finished.has(host));
    if (left.length === 0) return;
    const failures = await runOnHosts(step, { hosts: left, patience: this.patience, narrow: true }, async (asked, ordinal) => {
      const outcome = await ask(asked, ordinal);
      for (const [host, { status }] of Object.entries(outcome.hosts)) if (status === 'ok') finished.add(host);
      return outcome;
    });
    if (Object.keys(failures).length > 0) await this.#leaveOutNow(step, this.#tolerated(failures));
  }

  /** The inverse of a step: done wherever it can be; a host that does not answer is named. */
  async undo(step: Step, name: string, hosts: readonly string[], ask: Parameters<typeof runOnHosts>[2], mend?: Mend): Promise<void> {
    const failures = await runOnHosts(step, { hosts, patience: this.undoPatience, narrow: true, isUndoing: true }, ask);
    this.#operation.leftUndone(name, failures, mend);
  }

  /** The next roll-out puts right whatever one before has left; this one brings no other code than what was served. */
  #mend(host: string): string {
    const { subject, members } = this.plan;
    const before = members[host]?.release ?? Object.values(members).find(({ release }) => release !== null)?.release;
    return before ? `musher rollback ${subject} --to ${before}` : `musher deploy ${subject}`;
  }

  /** The balancers that could not be told. */
  async tellBalancers(step: Step, { held, released }: Admission, { balancers, isUndoing }: { balancers: string[]; isUndoing: boolean }): Promise<Record<string, HostFailure>> {
    if (balancers.length === 0 || held.length + released.length === 0) return {};
    const words = [held.length > 0 && `${listed(held)} held out of service`, released.length > 0 && `${listed(released)} left to the health check`];
    const patience = isUndoing ? this.undoPatience : this.patience;
    return runOnHosts(step, { hosts: balancers, patience, narrow: true, isUndoing }, (hosts, ordinal) =>
      run(words.filter(Boolean).join(', ')).holdMembers({ stage: this.stage(ordinal), balancers: hosts, held, released }),
    );
  }

  async #leaveOutNow(step: Step, why: Record<string, string>): Promise<void> {
    const members = Object.keys(why);
    const name = `leave out ${listed(members)}`;
    this.#operation.onUndo(name, (undoing) => this.#readmit(undoing, name, members));
    await this.#takeOut(step, why);
  }

  async #takeOut(step: Step, why: Record<string, string>): Promise<void> {
    Object.assign(this.leftOut, why);
    await this.#hold(step, Object.keys(why));
  }

  /** Why each host that failed is left out. @throws {StepFailed} the spec does not tolerate it. */
  #tolerated(failures: Record<string, HostFailure>): Record<string, string> {
    const failed = Object.keys(failures);
    const { members, storage } = this.plan.target.group;
    const areOfTheirOwn = failed.every((host) => members.includes(host) && host !== storage?.server && OF_THE_HOST.has(failures[host]!.failure));
    const areFew = Object.keys(this.leftOut).length - this.#skipped + failed.length <= this.plan.tolerate && failed.length < this.members.length;
    if (!areOfTheirOwn || !areFew) throw StepFailed.onHosts(failures);
    return Object.fromEntries(failed.map((host) => [host, failures[host]!.message]));
  }

  async #hold(step: Step, members: string[]): Promise<void> {
    const { balancers } = this.plan.target.group;
    for (const member of members) this.#toHold.add(member);
    StepFailed.unlessNone(await this.tellBalancers(step, { held: members, released: [] }, { balancers, isUndoing: false }));
    for (const member of members) this.#toHold.delete(member);
  }

  /** The inverse of leaving members out: each balancer may ask those again that it might ask before. */
  async #readmit(step: Step, name: string, members: string[]): Promise<void> {
    const { balancers } = this.plan.target.group;
    const alike = Object.groupBy(balancers, (balancer) => listed(this.#askedBefore(members, balancer)));
    for (const group of Object.values(alike)) {
      const released = this.#askedBefore(members, group![0]!);
      const deaf = await this.tellBalancers(step, { held: [], released }, { balancers: group!, isUndoing: true });
      this.#operation.leftUndone(name, deaf);
      if (Object.keys(deaf).length === 0) for (const member of released) this.readmitted.add(member);
    }
  }

  #askedBefore(members: string[], balancer: string): string[] {
    return members.filter((member) => !this.plan.members[member]!.balancers[balancer]?.held);
  }
}
