import { workflowInfo } from '@temporalio/workflow';
import type { DeployRequest, ObserveRequest, OperationRequest, RollBackRequest } from '../contract/requests.ts';
import { quick } from './profiles.ts';

// Anybody's client may have sent anything: nothing is taken for granted until the request is admitted.

export const subjectOf = (request: DeployRequest | RollBackRequest | undefined): string => `${request?.project}/${request?.environment}`;

/** How long an admitted operation goes on asking servers that do not answer, in seconds. */
export const patienceOf = ({ spec, project, environment }: DeployRequest | RollBackRequest): number =>
  spec.projects[project]?.environments[environment]?.retryTimeoutSeconds ?? 0;

/** Refuses what may not be asked, or not in this way, before anything is done. */
export async function admit(request: OperationRequest | ObserveRequest): Promise<void> {
  const { workflowType, workflowId, startTime } = workflowInfo();
  await quick('may this be asked').admitRequest(request, { workflowType, workflowId, at: startTime.toISOString() });
}
