import type { TreeProblem } from '../spec-error.ts';
import type { Tree } from '../tree.ts';
import { checkEnvironments } from './environments.ts';
import { checkFolders } from './folders.ts';
import { checkGroups } from './groups.ts';
import { checkNames } from './names.ts';
import { checkPaths } from './paths.ts';
import { checkPorts } from './ports.ts';
import { checkServers } from './servers.ts';
import { checkSources } from './sources.ts';
import { checkStorage } from './storage.ts';
import { checkUsers } from './users.ts';
import { checkVolumes } from './volumes.ts';

/**
 * What values must be to one another. The checks read the tree rather than the schema's result, so that
 * a file with a value of a wrong type still hears about its other mistakes; such values they pass over.
 */
export const checkAll = (tree: Tree): TreeProblem[] =>
  [checkNames, checkServers, checkGroups, checkStorage, checkFolders, checkVolumes, checkPorts, checkSources, checkPaths, checkEnvironments, checkUsers].flatMap((check) => check(tree));
