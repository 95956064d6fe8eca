import { environmentSlug, environmentSubject } from '../spec/environment-names.ts';

/** Names that pass over Temporal or onto hosts; stable, documented, and the same everywhere. */

export const TASK_QUEUE = 'musher';

/** What takes a moment, or only waits, and must not wait for a place among runs of Ansible: turns, and who watches them. */
export const TURN_TASK_QUEUE = 'musher-turns';

export const WorkflowType = { provision: 'provision', deploy: 'deploy', rollBack: 'rollBack', plan: 'plan', observe: 'observe', queue: 'queue', recover: 'recover' } as const;
export type WorkflowType = (typeof WorkflowType)[keyof typeof WorkflowType];

/** What a person asks for. */
export const OPERATIONS = [WorkflowType.provision, WorkflowType.deploy, WorkflowType.rollBack] as const;

/** Search attributes (keywords) of every operation. */
export const SearchAttribute = { group: 'MusherGroup', subject: 'MusherSubject' } as const;

export const PROGRESS_QUERY = 'progress';
/** Takes a person's `Decision`; see `contract/decision.ts`. */
export const DECIDE_UPDATE = 'decide';

/** Update of a queue: an operation asks for its turn. */
export const ASK_UPDATE = 'ask';
/** Signal to a queue: an operation gives its turn back, or waits no more. */
export const LEAVE_SIGNAL = 'leave';
/** Query of a queue. */
export const QUEUE_QUERY = 'queue';
/** Signal to an operation that waits for its turn. */
export const TURN_SIGNAL = 'turn';

/** What the workflow ids of all operations on an environment, or a group, begin with; after a slash follows what is each one's own. */
export const environmentPrefix = (project: string, environment: string): string => `environment/${environmentSubject(project, environment)}`;
export const groupPrefix = (group: string): string => `group/${group}`;

/** The workflow that keeps the order of a group's operations. */
export const queueWorkflowId = (group: string): string => `queue/${group}`;

/** The workflow that clears up after a run of an operation that was cut off. */
export const recoverWorkflowId = (workflowId: string, runId: string): string => `recover/${workflowId}/${runId}`;

/** What a gate on a host tells apart: operations in different scopes do not fence each other. */
export const environmentScope = environmentSubject;
export const groupScope = (group: string): string => `group/${group}`;

/** The systemd units that `once` hooks of an environment run as, as a pattern: a mark and a number follow its slug. */
export const hookUnits = (project: string, environment: string): string => `musher-once-${environmentSlug(project, environment)}-${'?'.repeat(16)}-*`;

/** HAProxy backend of an environment. Labels hold no underscore, so this is unique. */
export const backendName = (project: string, environment: string): string => `${project}_${environment}`;

/** The environment of a backend. */
export const subjectOfBackend = (backend: string): string => backend.replace('_', '/');
