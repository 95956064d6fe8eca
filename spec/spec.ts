/**
 * A parsed and checked `musher.yml`: every default filled in, every name resolved.
 *
 * It is plain JSON: it crosses Temporal as it is, so nothing here may hold a secret's value.
 */
export interface Spec {
  version: 1;
  servers: Record<string, Server>;
  groups: Record<string, Group>;
  projects: Record<string, Project>;
}

/** A machine reached by SSH. */
export interface Server {
  name: string;
  /** Host name or IP address. */
  address: string;
  port: number;
  user: string;
  /** Whether Ansible uses sudo; false only where `user` is root. */
  become: boolean;
  /** The Python interpreter on the server. */
  python: string;
  /** Path of a private key on the worker's machine; absent: ssh's own choice (agent, configuration). */
  key?: string;
}

/** What a group is a preset of: see `spec/kinds.ts`. What it keeps where is in `code` and `files`. */
export type GroupKind = 'cluster' | 'pack';

/** Servers that serve the same environments together. */
export interface Group {
  name: string;
  kind: GroupKind;
  /** Server names, at least one. */
  members: string[];
  /** Server names; empty: Musher puts nothing before the members. */
  balancers: string[];
  /** Projects root on each member. */
  root: string;
  /** `nginx`: Musher installs and configures nginx and PHP-FPM. `none`: it leaves them alone and runs `reload`. */
  web: 'nginx' | 'none';
  /** With `web: none`: the shell command that makes the member's own web stack see a new release. Run as root. */
  reload?: string;
  /** TCP port on which members serve HTTP. */
  port: number;
  /** `rsync`: code is on each member's disk. `nfs`: it is on the storage, and members mount it. */
  code: 'rsync' | 'nfs';
  /** With `code: nfs`: the storage also makes an image of each release, which members mount over its folder. */
  image?: true;
  /** `nfs`: the shared paths of every environment are on the storage. `none`: each member has its own. */
  files: 'nfs' | 'none';
  /** Present where anything is on NFS, and only there. */
  storage?: Storage;
}

/** The server that keeps a group's code or files, and exports them over NFS to its members alone. */
export interface Storage {
  server: string;
  /** Projects root there: `<export>/<project>/<environment>`. Equal to the group's `root` where the server is a member too. */
  export: string;
  /** `environment`: each folder that members mount is exported by itself. `group`: all of `export` is. */
  scope: 'environment' | 'group';
  /** Mount points there of file systems that are for one environment each, by `project/environment`. */
  volumes?: Record<string, string>;
}

/** One code base. */
export interface Project {
  name: string;
  app: 'php' | 'static' | 'drupal' | 'wordpress';
  source: Source;
  /** Shell command run once in the source tree on the worker's machine before it becomes an artifact. */
  build?: string;
  /** Relative paths, of files or folders, that outlive releases. Neither equal nor nested in one another. */
  shared: SharedPath[];
  /** Relative path of the document root in a release; '' for the release itself. */
  docroot: string;
  hooks: { once: Hook[]; each: Hook[] };
  environments: Record<string, Environment>;
}

/** A shell command, or an Ansible playbook: its path on the worker's machine. */
export type Hook = string | { playbook: string };

/** A path that outlives releases; `type` says what an empty one is made as. */
export interface SharedPath {
  path: string;
  type: 'directory' | 'file';
}

export type Source =
  | {
      type: 'directory';
      directory: string;
      /** The spec's own file, as seen from the folder, where it lies there: it is no part of a release. */
      spec?: string;
    }
  | { type: 'archive'; archive: string; sha256: string }
  | { type: 'git'; git: string };

/** A project running somewhere. */
export interface Environment {
  name: string;
  group: string;
  /** Git ref; required when the source is git. */
  ref?: string;
  domains: string[];
  /** `none`: whoever is switched is taken for healthy; only where no balancer stands before the members. */
  health: { check: 'http' | 'none'; path: string; expect: number; timeoutSeconds: number };
  /** Members taken at once: a count of at least 1, or a percentage from 1 to 100. */
  batch: Amount;
  /** Releases kept on each member, the current one included. */
  keep: number;
  /** What follows a step that failed for good. */
  onFailure: 'rollback' | Pause;
  /** Absent: nobody need approve what is done to it. */
  approval?: { withinSeconds: number };
  /** Members that may fail without failing the operation. */
  tolerate: Amount;
  /** Certificate and key (PEM, in one file on the worker's machine) for the balancers. */
  tls?: { certificate: { file: string } };
  /** PHP pool size: FPM's pm.max_children. */
  workers: number;
  /** Longest that a hook may take, in seconds. */
  hookTimeoutSeconds: number;
  /** Longest wait for a member's sessions to end when it is drained, in seconds. */
  drainTimeoutSeconds: number;
  /** How long an operation goes on asking a member that does not answer, in seconds. */
  retryTimeoutSeconds: number;
}

/** A person decides how a failed operation goes on. */
export interface Pause {
  pauseSeconds: number;
  /** What is done if nobody decides in that time. */
  otherwise: 'rollback' | 'abort';
}

export interface Amount {
  unit: 'members' | 'percent';
  value: number;
}
