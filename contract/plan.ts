import type { Environment, Group, Project, Server } from '../spec/spec.ts';
import type { SourceSeen } from './artifact.ts';
import type { BackendServerObservation } from './observation.ts';

/** What an operation is going to do, as data, made before anything is changed. Recorded, shown, then run. */
export interface DeployPlan {
  operation: 'deploy' | 'rollBack';
  /** `shop/live`. */
  subject: string;
  target: EnvironmentTarget;
  scope: string;
  epoch: number;
  /** The release that members will serve. For a deploy its checksum is known once it is built. */
  release: { id: string; checksum: string | null };
  /** What the release will be built from, in a deploy's plan that is only to be read. */
  source?: SourceSeen;
  /** Each batch in its order. */
  batches: Batch[];
  /** What every member was found with, and is put back to when the operation is undone. */
  members: Record<string, MemberBefore>;
  /** Members that did not answer and are left out, and why; within what the spec tolerates. */
  leftOut: Record<string, string>;
  /** How many members may fail in all (left out ones included). */
  tolerate: number;
  /** Servers that will have more releases than the environment keeps: members, or the storage of their code. */
  prune: string[];
  /** Releases that pruning must keep whatever their age. */
  keepIds: string[];
  /** The checksum (`sha256:…`) of each playbook among the hooks, by its path; left out where there is none. What a playbook includes is not in it. */
  playbooks?: Record<string, string>;
  /** For a person: what will be done, host by host. */
  changes: PlannedChange[];
}

export interface Batch {
  /** `1 of 3`. */
  label: string;
  members: string[];
  /** False where draining would leave no member in service: then PHP is reloaded under the requests. */
  drain: boolean;
}

export interface MemberBefore {
  release: string | null;
  checksum: string | null;
  /** By balancer: the state in which the member was found there. */
  balancers: Record<string, BackendServerObservation>;
  inService: boolean;
}

export interface PlannedChange {
  host: string;
  change: string;
}

export interface ProvisionPlan {
  operation: 'provision';
  /** The group's name. */
  subject: string;
  group: Group;
  servers: Record<string, Server>;
  environments: EnvironmentTarget[];
  scope: string;
  epoch: number;
  /** By scope of its environments: an epoch newer than any that was let in. Absent where an older version made the plan. */
  epochs?: Record<string, number>;
  /** Hash of what the servers were found with, as far as a provision could change it. */
  observed: string;
  changes: PlannedChange[];
}

/** An environment with all that a playbook must know of it. */
export interface EnvironmentTarget {
  project: Omit<Project, 'environments'>;
  environment: Environment;
  group: Group;
  servers: Record<string, Server>;
}
