/** The built code of a release, kept in the worker's store under its checksum. */
export interface Artifact {
  /** Checksum of the tree: `sha256:…`. */
  checksum: string;
  files: number;
  bytes: number;
  /** How long the build took. */
  seconds: number;
  ref?: string;
  /** The commit that a git ref meant. */
  commit?: string;
}
