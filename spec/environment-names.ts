import type { Storage } from './spec.ts';

/** What an environment is called wherever people and programs speak of it: `shop/live`. */
export const environmentSubject = (project: string, environment: string): string => `${project}/${environment}`;

/** The same where a slash cannot stand, as in files, units and users. No label of either holds "--", so it says whose it is. */
export const environmentSlug = (project: string, environment: string): string => `${project}--${environment}`;

/** Its folder below a projects root. */
export const environmentPath = (root: string, project: string, environment: string): string => `${root}/${project}/${environment}`;

/** Its folder on a storage: the mount point of its volume, if it has one. */
export const storedPath = ({ export: root, volumes }: Storage, project: string, environment: string): string =>
  volumes?.[environmentSubject(project, environment)] ?? environmentPath(root, project, environment);
