import { environmentSubject } from '../spec/environment-names.ts';
import { environmentWorkflowId, groupWorkflowId } from './names.ts';
import type { ObserveRequest, OperationRequest } from './requests.ts';

/** Where an operation runs: its lock, what it is about, and the group that it touches. */
export interface Place {
  workflowId: string;
  subject: string;
  group: string;
}

export function placeOf(request: OperationRequest | ObserveRequest): Place {
  if (request.operation === 'provision' || request.operation === 'observe') {
    return { workflowId: groupWorkflowId(request.group), subject: request.group, group: request.group };
  }
  const { project, environment, spec } = request;
  return {
    workflowId: environmentWorkflowId(project, environment),
    subject: environmentSubject(project, environment),
    group: spec.projects[project]?.environments[environment]?.group ?? '',
  };
}

/** How a workflow was started: the same for everybody who starts it. */
export interface Started {
  workflowType: string;
  workflowId: string;
  /** ISO 8601, by the server's clock. */
  at: string;
}
