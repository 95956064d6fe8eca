import type { OperationFailure } from '../contract/result.ts';
import { listed, sentence } from './describe.ts';
import type { Step } from './step.ts';
import type { Rollout } from './rollout.ts';
import type { Way, WaysOut } from './ways-out.ts';
import { whyIndispensable } from './why-indispensable.ts';

interface Means {
  /** What asking again does, as a clause. */
  retry: string;
  /** What is done before the step is run again. */
  again?: () => void;
  /** Has the step take for done what failed. */
  done?: () => void;
  /** Takes a member out; unless something else is said, it is left out of what follows. `null`: none can be, and `fixed` says why. */
  skip?: ((step: Step, member: string) => Promise<void>) | null;
  fixed?: string;
  /** What is done before the operation ends as it is. */
  abort?: (step: Step) => Promise<void>;
  /** What could not be brought about for the time of the wait, by host. */
  problems?: Record<string, string>;
}

/** What a person may do about a failed step of a roll-out, told host by host. */
export class RolloutWays {
  readonly #rollout: Rollout;

  constructor(rollout: Rollout) {
    this.#rollout = rollout;
  }

  of(failure: OperationFailure, { retry, again, done, skip = this.#skipOf(failure), fixed, abort, problems = {} }: Means): WaysOut {
    const whyNotSkip = (host: string): string | undefined => this.#whyNotSkip(host, failure) ?? (skip ? undefined : fixed);
    const skippable = Object.keys(failure.hosts).filter((host) => whyNotSkip(host) === undefined && skip);
    const ways: Way[] = [
      { decision: 'retry', effect: retry, ...(again && { take: async () => again() }) },
      ...(done ? [{ decision: 'done' as const, effect: 'the hook that failed is taken for done; those after it are run', take: async () => done() }] : []),
      ...skippable.map((host): Way => ({ decision: 'skip', host, effect: this.#effectOfSkip(host), take: (step) => skip!(step, host) })),
      { decision: 'rollback', effect: this.#effectOfRollback() },
      { decision: 'abort', effect: `it ends, and nothing is undone: ${this.standing()}`, ...(abort && { take: abort }) },
    ];
    const wrong = Object.entries(problems).map(([host, problem]) => `That did not come about on ${host}: ${problem}`);
    return {
      situation: [`Meanwhile ${this.standing()}.`, ...wrong.map(sentence)].join(' '),
      ways,
      whyNotSkip: (host) => whyNotSkip(host) ?? `${host} cannot be skipped at this step.`,
    };
  }

  #skipOf({ hosts }: OperationFailure): NonNullable<Means['skip']> {
    return (step, member) => this.#rollout.skip(step, member, hosts[member]!);
  }

  /** Who serves what now, as a clause. */
  standing(): string {
    const { plan, leftOut, switched, parked, lost } = this.#rollout;
    const clauses: Record<string, string[]> = {};
    const say = (member: string, clause: string) => (clauses[clause] ??= []).push(member);
    for (const member of plan.target.group.members) {
      const { release, inService } = plan.members[member]!;
      if (lost.has(member)) say(member, 'serving nobody knows what');
      else if (member in leftOut) say(member, this.#isBalanced ? 'left out of service' : 'left out');
      else if (parked.has(member)) say(member, 'held out of service');
      else if (switched.has(member)) say(member, `serving ${plan.release.id}`);
      else if (release === null) say(member, 'serving nothing, as before');
      else say(member, inService ? `serving ${release}, as before` : 'out of service, as before');
    }
    return listed(Object.entries(clauses).map(([clause, members]) => `${listed(members)} ${members.length === 1 ? 'is' : 'are'} ${clause}`));
  }

  /** Without a balancer nobody can be kept from being asked. */
  get #isBalanced(): boolean {
    return this.#rollout.plan.target.group.balancers.length > 0;
  }

  #effectOfSkip(host: string): string {
    const rest = this.#rollout.members.filter((member) => member !== host);
    return `it goes on with ${listed(rest)}; ${host} ${this.#isBalanced ? 'stays out of service and ' : ''}is listed as behind until a later deploy reaches it`;
  }

  #effectOfRollback(): string {
    const { plan, switched, parked } = this.#rollout;
    const back: Record<string, string[]> = {};
    for (const member of plan.target.group.members) if (switched.has(member) || parked.has(member)) (back[plan.members[member]?.release ?? 'nothing'] ??= []).push(member);
    const switches = Object.entries(back).map(([release, members]) => `${listed(members)} ${members.length === 1 ? 'goes' : 'go'} back to ${release}`);
    return ['what was done is undone', ...(switches.length > 0 ? [listed(switches)] : [])].join(': ');
  }

  #whyNotSkip(host: string, { hosts }: OperationFailure): string | undefined {
    const { plan, leftOut, members } = this.#rollout;
    const needed = whyIndispensable(plan.target.group, host);
    if (needed !== undefined) return needed;
    if (host in leftOut) return `${host} is left out already.`;
    if (!(host in hosts)) return `${host} has not failed.`;
    return members.length === 1 ? `Without ${host} no member would be left.` : undefined;
  }
}
