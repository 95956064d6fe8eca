/** What a source held when somebody looked: the commit that a git ref meant, or the checksum of a folder, without what is no part of a release. An archive's stands in the spec. */
export type SourceSeen = { commit: string } | { checksum: string };

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
