import type { EnvironmentTarget } from './plan.ts';
import type { Group, Server } from '../spec/spec.ts';

/** Where and as what a step of an operation runs. */
export interface Stage {
  scope: string;
  epoch: number;
  /** Ordinal of the step in its operation. */
  step: number;
  /** The run of the workflow that has the turn: one that a reset made has none. */
  holder: string;
}

/** A step on an environment's servers. */
export interface EnvironmentStage extends Stage {
  target: EnvironmentTarget;
}

/** A step on a group's servers. */
export interface GroupStage extends Stage {
  group: Group;
  servers: Record<string, Server>;
  environments: EnvironmentTarget[];
  /** Names what the operation keeps on the hosts to undo itself. */
  operationId: string;
}

/** What a person said, in turn, of `once` hooks that failed or whose outcome is unknown: run it again, or it did its work. */
export type HookDecision = 'again' | 'done';

/** Where a playbook stands among `once` hooks: at this index, after so many decisions. */
export interface HookPlace {
  number: number;
  decided: number;
}

/** What came of a playbook that is a `once` hook; without a failure it ended well. */
export interface EndedHook extends HookPlace {
  failure?: string;
}

/** What a member is to serve after a switch. */
export interface SwitchTarget {
  /** Null: nothing, as before the first deploy. */
  release: string | null;
  inService: boolean;
}
