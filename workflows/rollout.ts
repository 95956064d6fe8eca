import type { FailureType } from '../contract/failures.ts';
import type { Batch, DeployPlan } from '../contract/plan.ts';
import type { EnvironmentStage, SwitchTarget } from '../contract/stage.ts';
import { listed } from './describe.ts';
import type { Operation, Step } from './operation.ts';
import { run } from './profiles.ts';
import { runOnHosts, type HostFailure } from './run-on-hosts.ts';
import { StepFailed } from './step-failed.ts';

/** Failures that lie with a host, not with the release: what a spec's `tolerate` is about. */
const OF_THE_HOST: ReadonlySet<FailureType> = new Set(['host-unreachable', 'authentication-failed', 'become-failed', 'disk-full']);

/** How long undoing waits at most for a host that does not answer, in seconds: what serves must not wait for it. */
const UNDO_PATIENCE = 20;

interface Switch {
  targets: Record<string, SwitchTarget>;
  drain: boolean;
  balancers: string[];
  /** No hooks then, and nothing is waited for that what serves would have to wait for too. */
  isUndoing: boolean;
}

/** A release on its way to the members of an environment: who is with it, and who had to be left out. */
export class Rollout {
  readonly plan: DeployPlan;
  readonly leftOut: Record<string, string>;
  /** Of those the ones that the balancers may ask again, since everything is put back. */
  readonly readmitted = new Set<string>();
  readonly #operation: Operation;
  readonly #patience: number;
  readonly #undoPatience: number;
  readonly #halfSwitched = new Set<string>();

  constructor(operation: Operation, plan: DeployPlan) {
    this.#operation = operation;
    this.plan = plan;
    this.leftOut = { ...plan.leftOut };
    this.#patience = plan.target.environment.retryTimeoutSeconds;
    this.#undoPatience = Math.min(UNDO_PATIENCE, this.#patience);
  }

  get members(): string[] {
    return this.plan.target.group.members.filter((member) => !(member in this.leftOut));
  }

  /** Who holds a part of the release: the members, and the storage of their shared files. */
  get holders(): string[] {
    const { files } = this.plan.target.group;
    return [...this.members, ...(files ? [files.server] : [])];
  }

  stage(step: number): EnvironmentStage {
    const { scope, epoch, target } = this.plan;
    return { scope, epoch, step, target };
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
    );
  }

  /** Runs a step on all holders; a member that fails for a reason of its own is left out, if the spec tolerates it. */
  async onHolders(step: Step, ask: Parameters<typeof runOnHosts>[2]): Promise<void> {
    const failures = await runOnHosts(step, { hosts: this.holders, patience: this.#patience, narrow: true }, ask);
    const failed = Object.keys(failures);
    if (failed.length === 0) return;
    const members = failed.filter((host) => this.members.includes(host));
    const name = `leave out ${listed(members)}`;
    if (members.length > 0) this.#operation.onUndo(name, (undoing) => this.#readmit(undoing, name, members));
    await this.#tolerate(step, failures);
  }

  /** The inverse of a step: done wherever it can be; a host that does not answer is named. */
  async undo(step: Step, name: string, hosts: readonly string[], ask: Parameters<typeof runOnHosts>[2]): Promise<void> {
    const failures = await runOnHosts(step, { hosts, patience: this.#undoPatience, narrow: true }, ask);
    this.#operation.leftUndone(name, failures);
  }

  /** Switches the members batch by batch, each out of the balancers while it is done. */
  async switchBatches(): Promise<void> {
    for (const batch of this.plan.batches) {
      const name = `switch batch ${batch.label}`;
      await this.#operation.step(
        name,
        batch.members,
        (step) => this.#switchForward(step, batch),
        (step) => this.#switchBack(step, batch, name),
      );
    }
  }

  async #switchForward(step: Step, batch: Batch): Promise<void> {
    for (;;) {
      const members = batch.members.filter((member) => !(member in this.leftOut));
      if (members.length === 0) return;
      const targets = Object.fromEntries(members.map((member) => [member, { release: this.plan.release.id, inService: true }]));
      const failures = await this.#switch(step, { targets, drain: batch.drain, balancers: this.plan.target.group.balancers, isUndoing: false });
      if (Object.keys(failures).length === 0) return;
      for (const member of members) if (member in failures) this.#halfSwitched.add(member);
      await this.#tolerate(step, failures);
    }
  }

  /** Puts a batch back to what it was found with; what cannot be is kept out of service, or named. */
  async #switchBack(step: Step, batch: Batch, name: string): Promise<void> {
    // One that was left out in the middle of its switch belongs to it; one left out before has an inverse of its own.
    const remaining = new Set(batch.members.filter((member) => !(member in this.leftOut) || this.#halfSwitched.has(member)));
    const balancers = new Set(this.plan.target.group.balancers);
    while (remaining.size > 0) {
      const targets: Record<string, SwitchTarget> = {};
      for (const member of remaining) {
        const before = this.plan.members[member]!;
        targets[member] = { release: before.release, inService: before.inService };
      }
      const failures = await this.#switch(step, { targets, drain: batch.drain, balancers: [...balancers], isUndoing: true });
      const failed = Object.keys(failures).filter((host) => remaining.has(host));
      if (Object.keys(failures).length === 0) return;
      this.#operation.leftUndone(name, failures);
      // A balancer that cannot be told must not keep the others from being told.
      for (const host of Object.keys(failures)) balancers.delete(host);
      await this.#settle(step, name, { failures, failed, balancers });
      for (const host of failed) remaining.delete(host);
    }
  }

  /** A member that cannot be put back: held when nobody knows what it serves, otherwise left to its health check. */
  async #settle(
    step: Step,
    name: string,
    { failures, failed, balancers }: { failures: Record<string, HostFailure>; failed: string[]; balancers: Set<string> },
  ): Promise<void> {
    const released = failed.filter((member) => !OF_THE_HOST.has(failures[member]!.failure) && this.plan.members[member]!.inService);
    const held = failed.filter((member) => !released.includes(member));
    for (const member of held) this.leftOut[member] = failures[member]!.message;
    const deaf = await this.#tellBalancers(step, { held, released }, { balancers: [...balancers], patience: this.#undoPatience });
    this.#operation.leftUndone(name, deaf);
    for (const host of Object.keys(deaf)) balancers.delete(host);
  }

  #switch(step: Step, { targets, drain, balancers, isUndoing }: Switch) {
    const members = Object.keys(targets);
    const patience = isUndoing ? this.#undoPatience : this.#patience;
    const releases = listed([...new Set(Object.values(targets).map(({ release }) => release ?? 'nothing'))]);
    return runOnHosts(step, { hosts: members, patience, narrow: false }, (_hosts, ordinal) =>
      run(`${listed(members)} to ${releases}`).switchBatch({ stage: this.stage(ordinal), targets, balancers, drain, patient: !isUndoing, hooks: !isUndoing }),
    );
  }

  async #tolerate(step: Step, failures: Record<string, HostFailure>): Promise<void> {
    const failed = Object.keys(failures);
    const tolerable = failed.every((host) => this.plan.target.group.members.includes(host) && OF_THE_HOST.has(failures[host]!.failure));
    if (!tolerable || Object.keys(this.leftOut).length + failed.length > this.plan.tolerate) throw StepFailed.onHosts(failures);
    for (const host of failed) this.leftOut[host] = failures[host]!.message;
    await this.#hold(step, failed);
  }

  async #hold(step: Step, members: string[]): Promise<void> {
    const { balancers } = this.plan.target.group;
    StepFailed.unlessNone(await this.#tellBalancers(step, { held: members, released: [] }, { balancers, patience: this.#patience }));
  }

  /** The inverse of leaving members out: each balancer may ask those again that it might ask before. */
  async #readmit(step: Step, name: string, members: string[]): Promise<void> {
    const { balancers } = this.plan.target.group;
    const alike = Object.groupBy(balancers, (balancer) => listed(this.#askedBefore(members, balancer)));
    for (const group of Object.values(alike)) {
      const released = this.#askedBefore(members, group![0]!);
      const deaf = await this.#tellBalancers(step, { held: [], released }, { balancers: group!, patience: this.#undoPatience });
      this.#operation.leftUndone(name, deaf);
      if (Object.keys(deaf).length === 0) for (const member of released) this.readmitted.add(member);
    }
  }

  #askedBefore(members: string[], balancer: string): string[] {
    return members.filter((member) => !this.plan.members[member]!.balancers[balancer]?.held);
  }

  /** The balancers that could not be told. */
  async #tellBalancers(
    step: Step,
    change: { held: string[]; released: string[] },
    { balancers, patience }: { balancers: string[]; patience: number },
  ): Promise<Record<string, HostFailure>> {
    const { held, released } = change;
    if (balancers.length === 0 || held.length + released.length === 0) return {};
    const words = [held.length > 0 && `${listed(held)} held out of service`, released.length > 0 && `${listed(released)} left to the health check`];
    return runOnHosts(step, { hosts: balancers, patience, narrow: true }, (hosts, ordinal) =>
      run(words.filter(Boolean).join(', ')).holdMembers({ stage: this.stage(ordinal), balancers: hosts, ...change }),
    );
  }
}
