/** What an environment is called wherever people and programs speak of it: `shop/live`. */
export const environmentSubject = (project: string, environment: string): string => `${project}/${environment}`;

/** The same where a slash cannot stand, as in files, units and users. No label of either holds "--", so it says whose it is. */
export const environmentSlug = (project: string, environment: string): string => `${project}--${environment}`;

/** Its folder on members, and on a storage server, below the projects root. */
export const environmentPath = (root: string, project: string, environment: string): string => `${root}/${project}/${environment}`;
