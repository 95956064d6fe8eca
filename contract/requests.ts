import type { Spec } from '../spec/spec.ts';
import type { SourceSeen } from './artifact.ts';
import type { TurnWish } from './turn.ts';

/** What a client asks of Musher: the input of a workflow. JSON, versioned, signed for a local worker. */
interface Request {
  version: 1;
  /** The spec as it was when asked, sliced to what the operation needs: a later edit changes nothing under way. */
  spec: Spec;
  /** `sha256:` and the hash of the slice's canonical JSON. */
  specHash: string;
  /** Who asked, for people to read: `user@machine`. */
  requestedBy: string;
  /** ISO 8601, UTC. */
  requestedAt: string;
  /** Present where it is signed to be planned, and for nothing else. */
  only?: 'plan';
  /** HMAC-SHA256 (hex) over the canonical JSON of all other fields, by the key of the local worker's user. */
  signature?: string;
}

/** What changes something takes its turn in the queue of its group, and may be tied to a plan that was made before. */
interface Agreeable extends Request {
  /** Absent: it waits for its turn. */
  turn?: TurnWish;
  /** Absent: whatever the plan turns out to be. */
  agreed?: AgreedPlan;
}

/** A plan that somebody has read: the operation does this, or nothing. Made by `agreedPlan` (plan/). */
export interface AgreedPlan {
  digest: string;
  /** A digest for each part of it, to say which is another one. Absent: nobody is told. */
  parts?: Record<string, string>;
  /** What a deploy has to be built from. */
  source?: SourceSeen;
  /** To say what is different. */
  changes: string[];
}

/** Input of the workflow `provision`. */
export interface ProvisionRequest extends Agreeable {
  operation: 'provision';
  group: string;
}

/** Input of the workflow `deploy`. */
export interface DeployRequest extends Agreeable {
  operation: 'deploy';
  project: string;
  environment: string;
  /** Absent: the environment's `ref`. */
  ref?: string;
}

/** Input of the workflow `rollBack`. */
export interface RollBackRequest extends Agreeable {
  operation: 'rollBack';
  project: string;
  environment: string;
  /** Absent: the newest release older than the current one. */
  release?: string;
}

/** Input of the workflow `observe`: read the hosts, change nothing. */
export interface ObserveRequest extends Request {
  operation: 'observe';
  group: string;
}

/** What changes something. The workflow `plan` takes one too, and only says what it would do. */
export type OperationRequest = ProvisionRequest | DeployRequest | RollBackRequest;
