import { environmentSubject } from '../spec/environment-names.ts';
import { environmentPrefix, groupPrefix } from './names.ts';
import type { ObserveRequest, OperationRequest } from './requests.ts';

/** Where an operation runs: what its workflow id begins with, what it is about, and the group whose queue it stands in. */
export interface Place {
  prefix: string;
  subject: string;
  group: string;
}

export function placeOf(request: OperationRequest | ObserveRequest): Place {
  if (request.operation === 'provision' || request.operation === 'observe') {
    return { prefix: groupPrefix(request.group), subject: request.group, group: request.group };
  }
  const { project, environment, spec } = request;
  return {
    prefix: environmentPrefix(project, environment),
    subject: environmentSubject(project, environment),
    group: spec.projects[project]?.environments[environment]?.group ?? '',
  };
}

const OWN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Whether an id is `prefix`, a slash, and a name of its own: letters, digits, `.`, `_` and `-`, at most 100. */
export const isBelow = (prefix: string, workflowId: string): boolean => workflowId.startsWith(`${prefix}/`) && OWN.test(workflowId.slice(prefix.length + 1));

const OPERATION_ID = /^(?:environment\/([^/]+\/[^/]+)|group\/([^/]+))\/[^/]+$/;

/** What clears up after one has its id, and its run's, in its own. */
const RECOVERY_ID = /^recover\/(.+)\/[^/]+$/;

/** What an operation is about, or one that is cleared up after, by its workflow id; undefined where it is none of an operation. */
export const subjectOfId = (workflowId: string): string | undefined => {
  const [, of = workflowId] = RECOVERY_ID.exec(workflowId) ?? [];
  const [, environment, group] = OPERATION_ID.exec(of) ?? [];
  return environment ?? group;
};

/** How a workflow was started: the same for everybody who starts it. */
export interface Started {
  workflowType: string;
  workflowId: string;
  /** ISO 8601, by the server's clock. */
  at: string;
  /** Present where this run goes on from one before it: the first run of all. */
  firstRunId?: string;
  /** Whether it was given a cron schedule or a retry policy: then the server itself starts it again. */
  repeats?: boolean;
}
