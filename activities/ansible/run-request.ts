import type { RunProgress } from '../../contract/run.ts';

/** Where runs live on this machine and what they use; one for a worker. */
export interface RunSettings {
  runsFolder: string;
  /** Python of the project's own environment; `ansible-playbook` is beside it. */
  python: string;
  playbooksFolder: string;
  /** For the playbooks' modules as Ansible packs them, shared by all runs. */
  modulesFolder: string;
  /** The only host keys that are trusted, in the form of known_hosts. */
  knownHosts: string;
  /** For sockets of kept SSH connections, at most 68 bytes long: a socket's path is limited to 107. */
  sshControlFolder: string;
  forks: number;
  /** Temporal's own id (a UUID) of the namespace that runs are started for, kept with each: only for these can its server be asked. */
  namespaceId?: string;
  /** Tells the workers apart whose state folders are not the same; told in heartbeats. */
  workerId?: string;
}

/** Unique and stable for a step's activity, so that whoever comes next finds its run. */
export interface RunKey {
  workflowId: string;
  runId: string;
  activityId: string;
}

export interface RunRequest {
  key: RunKey;
  /** File name below the playbooks' folder, or an absolute path. */
  playbook: string;
  /** YAML text for the n-th start of this run, from 1: a further start shows its hosts a newer token. */
  inventory(start: number): string;
  /** YAML text, passed as `-e @file`. */
  variables: string;
  /** Names of the hosts in the run. */
  hosts: string[];
  check?: boolean;
  /** Whether a user's own playbook is in it: then it finds Ansible as it is by itself, in a process of its own, and nothing of its run is kept for ours. */
  runsUsers?: boolean;
  /** Values to mask everywhere. Those shorter than 4 characters cannot be told from ordinary text and are not masked. */
  secrets?: readonly string[];
  /** By name; readable only by the user and only while the run lasts. The playbook finds the path in `musher_secret_files[name]`. */
  secretFiles?: Record<string, string>;
  timeoutSeconds: number;
  /** What is run again when the run died before its end. Our own playbooks: `unfinished-hosts`, which is the default. */
  afterLoss?: 'unfinished-hosts' | 'all-hosts' | 'nothing';
}

export interface RunHooks {
  onProgress?(progress: RunProgress): void;
  /** Aborted when the run is to be stopped: a cancel that was asked for. */
  stop?: AbortSignal;
  /** Ends only the waiting (with `RunDetached`): the worker is going away, the run goes on. */
  detach?: AbortSignal;
}
