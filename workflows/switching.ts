import type { SwitchPart } from '../activities/switch-batch.ts';
import type { Batch } from '../contract/plan.ts';
import type { OperationFailure } from '../contract/result.ts';
import type { Ordinal, SwitchTarget } from '../contract/stage.ts';
import { fileName, listed } from './describe.ts';
import type { Operation } from './operation.ts';
import { run } from './profiles.ts';
import { OF_THE_HOST, type Rollout } from './rollout.ts';
import { runOnHosts, type HostFailure } from './run-on-hosts.ts';
import { failureOf } from './step-failed.ts';
import type { Step } from './step.ts';
import { partsOf, runParts } from './switch-parts.ts';
import type { WaysOut } from './ways-out.ts';

/** Switches the members batch by batch, each out of the balancers while it is done. */
export async function switchBatches(operation: Operation, rollout: Rollout): Promise<void> {
  for (const batch of rollout.plan.batches) {
    const switching = new Switching(operation, rollout, batch, `switch batch ${batch.label}`);
    await operation.step(
      switching.name,
      batch.members,
      (step) => switching.forward(step),
      (step) => switching.back(step),
      (failure, step) => switching.waysOut(failure, step),
    );
  }
}

/** Puts batches back to what their members were found with, the last one first. */
export async function putBatchesBack(operation: Operation, rollout: Rollout): Promise<void> {
  for (const batch of rollout.plan.batches.toReversed()) {
    const switching = new Switching(operation, rollout, batch, `put back ${listed(batch.members)}`);
    await operation.step(switching.name, batch.members, (step) => switching.back(step));
  }
}

interface Switch {
  targets: Record<string, SwitchTarget>;
  balancers: string[];
  /** No hooks then, and nothing is waited for that what serves would have to wait for too. */
  isUndoing: boolean;
}

/** The switch of one batch: forward, back, and what holds in between while a person is waited for. */
class Switching {
  /** Of the step. */
  readonly name: string;
  readonly #operation: Operation;
  readonly #rollout: Rollout;
  readonly #batch: Batch;
  /** Members of the batch that failed in the middle of their switch. */
  readonly #halfSwitched = new Set<string>();

  constructor(operation: Operation, rollout: Rollout, batch: Batch, name: string) {
    this.#operation = operation;
    this.#rollout = rollout;
    this.#batch = batch;
    this.name = name;
  }

  async forward(step: Step): Promise<void> {
    const rollout = this.#rollout;
    rollout.parked.clear();
    rollout.lost.clear();
    for (;;) {
      await rollout.holdRest(step);
      const members = this.#members;
      if (members.length === 0) return;
      for (const member of members) rollout.mayServe.add(member);
      const targets = Object.fromEntries(members.map((member) => [member, { release: rollout.plan.release.id, inService: true }]));
      const failures = await this.#switch(step, { targets, balancers: this.#balancers, isUndoing: false });
      if (Object.keys(failures).length === 0) {
        for (const member of members) rollout.switched.add(member);
        return;
      }
      for (const member of members) if (member in failures) this.#halfSwitched.add(member);
      await rollout.leaveOutOfBatch(step, failures);
    }
  }

  /** Puts the batch back to what it was found with; what cannot be is kept out of service, or named. */
  async back(step: Step): Promise<void> {
    const { leftOut, mayServe, readmitted } = this.#rollout;
    // One that was left out in the middle of its switch belongs to it; one left out before has an inverse of its own.
    const remaining = new Set(this.#batch.members.filter((member) => !(member in leftOut) || this.#halfSwitched.has(member)));
    const balancers = new Set(this.#balancers);
    while (remaining.size > 0) {
      const failures = await this.#switch(step, { targets: this.#before(remaining), balancers: [...balancers], isUndoing: true });
      const failed = Object.keys(failures).filter((host) => remaining.has(host));
      if (Object.keys(failures).length === 0) {
        for (const member of remaining) readmitted.add(member);
        for (const member of remaining) mayServe.delete(member);
        return;
      }
      this.#operation.leftUndone(this.name, failures);
      // A balancer that cannot be told must not keep the others from being told.
      for (const host of Object.keys(failures)) balancers.delete(host);
      await this.#settle(step, { failures, failed, balancers });
      for (const host of failed) remaining.delete(host);
    }
  }

  async waysOut(failure: OperationFailure, step: Step): Promise<WaysOut> {
    const rollout = this.#rollout;
    const members = this.#members;
    const problems = await this.#park(step, members);
    return rollout.ways.of(failure, {
      retry: members.length > 0 ? `${listed(members)} switched to ${rollout.plan.release.id} and checked again` : `${listed(Object.keys(failure.hosts))} asked again`,
      problems,
      skip: (undoing, member) => rollout.skipOfBatch(undoing, member, failure.hosts[member]!),
      abort: async (ending) => {
        const held = [...rollout.parked];
        for (const member of held) rollout.leftOut[member] = `it was not switched: ${failure.hosts[member] ?? failure.message}`;
        // Nobody else serves: to hold these would turn everybody away. Their health check decides.
        for (const member of rollout.lost) rollout.leftOut[member] = `nobody knows what it serves: ${problems[member] ?? failure.message}`;
        this.#operation.leftUndone(this.name, await rollout.tellBalancers(ending, { held, released: [] }, { balancers: this.#balancers, isUndoing: false }));
      },
    });
  }

  get #members(): string[] {
    return this.#batch.members.filter((member) => !(member in this.#rollout.leftOut));
  }

  get #balancers(): string[] {
    return this.#rollout.plan.target.group.balancers;
  }

  /**
   * Brings about what is to hold for the hours that a person may take: nobody is asked who may serve half a release. A batch that others can
   * stand in for is held, by the balancers' configuration, so that neither a reload nor a power cut brings it back; one that nobody can stand in for is put back.
   *
   * @returns what did not come about, by host.
   */
  async #park(step: Step, members: string[]): Promise<Record<string, string>> {
    const { plan, members: all, switched, parked, lost } = this.#rollout;
    const balancers = this.#balancers;
    const isServed = all.some((member) => !this.#batch.members.includes(member) && (switched.has(member) || plan.members[member]!.inService));
    const mayBeHeld = balancers.length > 0 && (isServed || members.every((member) => !plan.members[member]!.inService));
    try {
      for (const member of members) (mayBeHeld ? parked : lost).add(member);
      const failures = mayBeHeld
        ? await this.#rollout.tellBalancers(step, { held: members, released: [] }, { balancers, isUndoing: true })
        : await this.#switch(step, { targets: this.#before(members), balancers, isUndoing: true });
      if (Object.keys(failures).length === 0) lost.clear();
      return Object.fromEntries(Object.entries(failures).map(([host, { message }]) => [host, message]));
    } catch (error) {
      const problem = failureOf(error, this.name);
      if (!problem || problem.type === 'cancelled' || problem.type === 'turn-lost') throw error;
      return Object.keys(problem.hosts).length > 0 ? problem.hosts : { [listed(members)]: problem.message };
    }
  }

  /** What members were found with. */
  #before(members: Iterable<string>): Record<string, SwitchTarget> {
    return Object.fromEntries(
      [...members].map((member) => {
        const { release, inService } = this.#rollout.plan.members[member]!;
        return [member, { release, inService }];
      }),
    );
  }

  /** A member that cannot be put back: held when nobody knows what it serves, otherwise left to its health check. */
  async #settle(step: Step, { failures, failed, balancers }: { failures: Record<string, HostFailure>; failed: string[]; balancers: Set<string> }): Promise<void> {
    const { plan, leftOut } = this.#rollout;
    const released = failed.filter((member) => !OF_THE_HOST.has(failures[member]!.failure) && plan.members[member]!.inService);
    const held = failed.filter((member) => !released.includes(member));
    for (const member of held) leftOut[member] = failures[member]!.message;
    const deaf = await this.#rollout.tellBalancers(step, { held, released }, { balancers: [...balancers], isUndoing: true });
    this.#operation.leftUndone(this.name, deaf);
    for (const host of Object.keys(deaf)) balancers.delete(host);
  }

  #switch(step: Step, { targets, balancers, isUndoing }: Switch) {
    const rollout = this.#rollout;
    const members = Object.keys(targets);
    const patience = isUndoing ? rollout.undoPatience : rollout.patience;
    const releases = listed([...new Set(Object.values(targets).map(({ release }) => release ?? 'nothing'))]);
    const { each } = rollout.plan.target.project.hooks;
    const switchPart = (ordinal: Ordinal, drain: boolean, part?: SwitchPart) =>
      run(`${listed(members)} to ${releases}`).switchBatch({
        stage: rollout.stage(ordinal),
        targets,
        balancers,
        drain,
        patient: !isUndoing,
        hooks: !isUndoing,
        ...(part && { part }),
      });
    return runOnHosts(step, { hosts: members, patience, narrow: false, isUndoing }, (_hosts, ordinal) => {
      if (isUndoing || each.every((hook) => typeof hook === 'string')) return switchPart(ordinal, this.#batch.drain);
      return runParts(partsOf(each), step, ordinal, (part, next, isFirst) =>
        'playbook' in part
          ? run(`${fileName(part.playbook)} on ${listed(members)}`).playEachHook({ stage: rollout.stage(next), members, release: rollout.plan.release.id, ...part })
          : switchPart(next, isFirst && this.#batch.drain, part),
      );
    });
  }
}
