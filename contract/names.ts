import { environmentSubject } from '../spec/environment-names.ts';

/** Names that pass over Temporal or onto hosts; stable, documented, and the same everywhere. */

export const TASK_QUEUE = 'musher';

export const WorkflowType = { provision: 'provision', deploy: 'deploy', rollBack: 'rollBack', plan: 'plan', observe: 'observe' } as const;
export type WorkflowType = (typeof WorkflowType)[keyof typeof WorkflowType];

/** Search attributes (keywords) of every operation. */
export const SearchAttribute = { group: 'MusherGroup', subject: 'MusherSubject' } as const;

export const PROGRESS_QUERY = 'progress';

/** The workflow id is the lock: one operation at a time for an environment, or for a group. */
export const environmentWorkflowId = (project: string, environment: string): string => `environment/${environmentSubject(project, environment)}`;
export const groupWorkflowId = (group: string): string => `group/${group}`;

/** What a gate on a host tells apart: operations in different scopes do not fence each other. */
export const environmentScope = environmentSubject;
export const groupScope = (group: string): string => `group/${group}`;

/** HAProxy backend of an environment. Labels hold no underscore, so this is unique. */
export const backendName = (project: string, environment: string): string => `${project}_${environment}`;

/** The environment of a backend. */
export const subjectOfBackend = (backend: string): string => backend.replace('_', '/');
