/**
 * What `playbooks/observe.yml` reads of the hosts, in the shape in which `musher_observe` returns it.
 *
 * Facts only: nothing here is derived, and nothing that changes by itself (a clock, a load) is in it,
 * so that two observations of an untouched group are equal.
 */
export interface Observation {
  /** By server name. A server that did not answer is in `unreachable`. */
  hosts: Record<string, HostObservation>;
  unreachable: Record<string, string>;
}

export interface HostObservation {
  /** Highest epoch that the host's gate has admitted, by scope (`shop/live`, `group/eu-cluster`). */
  epochs: Record<string, number>;
  /** By `project/environment`; only environments that have a trace on this host. */
  environments: Record<string, EnvironmentObservation>;
  /** Present where HAProxy is configured by Musher. */
  balancer: BalancerObservation | null;
  /** Folders that Musher has the server export over NFS, and the addresses that may mount each; null where there are none. */
  exports: Record<string, string[]> | null;
  /** Which of these each group has exported. One that was observed by an older version does not say. */
  exportsOf?: Record<string, string[]>;
  /** What Musher has the server mount from storages, as /etc/fstab has it: also for environments that are no longer in the spec. */
  sources?: string[];
}

export interface EnvironmentObservation {
  /** Complete releases on this server's own disk, oldest first (by id); null where it mounts those of a storage, which is asked instead. */
  releases: ReleaseObservation[] | null;
  /** Id of the release that `current` points to. */
  current: string | null;
  /** Whether this member has been provisioned for the environment (its user and vhost are there). */
  provisioned: boolean;
  /** Shared paths that exist, relative; null where they cannot be looked at, because their storage is gone. */
  shared: string[] | null;
  /** Code that this server mounts from a storage; null where it does not. */
  code: MountObservation | null;
  /** Shared files that this server mounts from a storage; null where it does not. */
  files: MountObservation | null;
  /** What a provision acts on and the last one was told otherwise: `musher_environment`'s names, then and now. Absent where that is not on record. */
  settings?: Record<string, [before: unknown, now: unknown]>;
  /** On a storage, where the environment has a file system of its own there: whether that is mounted. */
  volume?: 'mounted' | 'missing';
}

export interface MountObservation {
  /** What is mounted, as /etc/fstab has it (`192.0.2.20:/srv/packs/shop/live/shared`). */
  source?: string;
  mounted: boolean;
  /** Since when the storage does not answer, or nothing is mounted (ISO 8601); null while all is well. */
  gone: string | null;
  /** Where releases have images: whether that of the one that is served is mounted. */
  image?: boolean;
}

export interface ReleaseObservation {
  id: string;
  /** The checksum recorded when the release was made real. */
  checksum: string;
}

export interface BalancerObservation {
  /** By backend name, then by member. */
  backends: Record<string, Record<string, BackendServerObservation>>;
  /** Names of the backends that each group has asked for. */
  groups: Record<string, string[]>;
}

export interface BackendServerObservation {
  /** HAProxy's administrative state at run time. */
  admin: 'ready' | 'drain' | 'maint';
  /** Whether its configuration says `disabled`: not yet admitted, or left out on purpose. */
  held: boolean;
}
