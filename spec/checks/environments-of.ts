import type { Path } from '../spec-error.ts';
import { entriesAt, type Tree } from '../tree.ts';

export interface NamedEnvironment {
  project: string;
  environment: string;
  path: Path;
}

/** The environments that a file names, with their places. */
export const environmentsOf = (tree: Tree): NamedEnvironment[] =>
  entriesAt(tree, 'projects').flatMap(([project]) =>
    entriesAt(tree, 'projects', project, 'environments').map(([environment]) => ({
      project,
      environment,
      path: ['projects', project, 'environments', environment],
    })),
  );
