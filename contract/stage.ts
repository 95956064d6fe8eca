import type { EnvironmentTarget } from './plan.ts';
import type { Group, Server } from '../spec/spec.ts';

/** Which run of an operation's steps. */
export interface Ordinal {
  /** Ordinal of the step in its operation. */
  step: number;
  /** Hosts of it may still obey a worker that cannot be heard: all are sealed before any of them does anything. */
  sealFirst?: true;
}

/** Where and as what a step of an operation runs. */
export interface Stage extends Ordinal {
  scope: string;
  epoch: number;
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
  /** By scope of the environments: the epoch whose older ones the servers refuse from now on. */
  epochs?: Record<string, number>;
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
