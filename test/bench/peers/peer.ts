/** A way to deploy that is measured. */
export interface Peer {
  /** Its column: `musher`, `plain`, `tuned`, `pyinfra`, `floor`. */
  name: string;
  /** Gets ready for these hosts, untimed: installs itself, writes inventories, provisions. */
  prepare(hosts: readonly BenchHost[]): Promise<void>;
  /** Makes a new environment, untimed: its folders, and as many small releases as are kept. */
  prepareEnvironment(environment: string, hosts: readonly BenchHost[]): Promise<void>;
  /** Deploys a release to the hosts of the last `prepare`. Throws when it does not succeed. */
  deploy(release: BenchRelease, hosts: readonly BenchHost[]): Promise<Deployed>;
  /** Where a host's web server finds what was deployed. */
  currentOf(environment: string): string;
  /** Ends what would make the next deploy faster than the first (SSH masters), untimed. */
  disconnect(): Promise<void>;
  /** Takes away what `prepare` made on this machine. */
  close(): Promise<void>;
}

export interface Deployed {
  seconds: number;
  /** Share of the time that went by outside of Ansible's tasks, from 0 to 1; only where there is an orchestrator to measure. */
  orchestrationShare?: number;
}

export interface BenchHost {
  name: string;
  address: string;
  user: string;
  /** Private key and known_hosts file, on this machine. */
  key: string;
  knownHosts: string;
}

export interface BenchRelease {
  which: 'first' | 'second';
  /** The source folder on this machine. */
  folder: string;
  /** A name that no other measurement of this run has. */
  environment: string;
}

/** What every release shares, and what stands for its hooks. */
export const SHARED_PATHS = ['web/files', 'private'] as const;
export const HOOK = '/bin/true';
export const KEEP = 5;
