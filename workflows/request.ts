import { workflowInfo } from '@temporalio/workflow';
import type { DeployRequest, ObserveRequest, OperationRequest, RollBackRequest } from '../contract/requests.ts';
import type { Environment, Group } from '../spec/spec.ts';
import { quick } from './profiles.ts';

// Anybody's client may have sent anything: nothing is taken for granted until the request is admitted.

export const subjectOf = (request: DeployRequest | RollBackRequest | undefined): string => `${request?.project}/${request?.environment}`;

export const environmentOf = ({ spec, project, environment }: DeployRequest | RollBackRequest): Environment | undefined => spec.projects[project]?.environments[environment];

/** The group of an admitted operation. */
export const groupOf = (request: DeployRequest | RollBackRequest): Group => request.spec.groups[environmentOf(request)!.group]!;

/** How long an admitted operation goes on asking servers that do not answer, in seconds. */
export const patienceOf = (request: DeployRequest | RollBackRequest): number => environmentOf(request)?.retryTimeoutSeconds ?? 0;

/** Who decides when a step of an admitted operation has failed for good. */
export const governanceOf = (request: DeployRequest | RollBackRequest) => ({ onFailure: environmentOf(request)!.onFailure, signed: request.signature !== undefined });

/** Refuses what may not be asked, or not in this way, before anything is done. */
export async function admit(request: OperationRequest | ObserveRequest): Promise<void> {
  const { workflowType, workflowId, startTime, continuedFromExecutionRunId, firstExecutionRunId, cronSchedule, retryPolicy } = workflowInfo();
  await quick('may this be asked').admitRequest(request, {
    workflowType,
    workflowId,
    at: startTime.toISOString(),
    // One that begins again after a reset. Where the server began it again by itself, the first run was refused, and so is this one.
    ...(continuedFromExecutionRunId !== undefined && { firstRunId: firstExecutionRunId }),
    ...((cronSchedule || retryPolicy) && { repeats: true }),
  });
}
