import type { FailureType } from './failures.ts';

/** How one execution of a playbook ended, as data. */
export interface RunOutcome {
  /** By host of the run. */
  hosts: Record<string, HostOutcome>;
  /** What our modules returned under `musher`, merged over the run, by host. */
  data: Record<string, Record<string, unknown>>;
  /** Seconds from Ansible's start to its end, and what of it tasks took. */
  seconds: number;
  taskSeconds: number;
  /** Number of tasks that changed something, over all hosts. */
  changed: number;
  /** The step was taken over from another worker, and not begun: a host of it may still obey that one. */
  unsealed?: true;
}

export type HostOutcome =
  | { status: 'ok' }
  /** The run never came to this host's tasks, because others failed before. */
  | { status: 'not-reached' }
  | { status: 'failed'; failure: FailureType; task: string; message: string };

/** What goes into the heartbeat of a run. */
export interface RunProgress {
  task: string;
  done: string[];
  failed: string[];
}
