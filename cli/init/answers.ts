import type { Problem } from '../../spec/spec-error.ts';
import type { Group, Project } from '../../spec/spec.ts';

/** What a new spec says; every part has been checked by itself. */
export interface Answers {
  project: string;
  app: Project['app'];
  source: NewSource;
  /** With a git source. */
  ref?: string;
  members: NewServer[];
  balancers: NewServer[];
  /** Keeps shared files of all members, and in a pack their code. */
  storage?: NewServer;
  /** With a storage; without one it is a cluster. */
  kind?: Group['kind'];
  /** Paths of folders that outlive releases, in place of those of `app`; none named: those of `app`. */
  shared: string[];
  domains: string[];
  user: string;
  group: string;
  environment: string;
}

export interface NewServer {
  name: string;
  address: string;
}

export type NewSource = { directory: string } | { git: string } | { archive: string; sha256: string };

/** An answer that was understood, or what is wrong with it. */
export type Read<T> = { value: T } | { problem: Problem };
