import type { DeployRequest, RollBackRequest } from '../contract/requests.ts';

// Anybody's client may have sent anything: nothing is taken for granted until the request is admitted.

export const subjectOf = (request: DeployRequest | RollBackRequest | undefined): string => `${request?.project}/${request?.environment}`;

/** How long an admitted operation goes on asking servers that do not answer, in seconds. */
export const patienceOf = ({ spec, project, environment }: DeployRequest | RollBackRequest): number =>
  spec.projects[project]?.environments[environment]?.retryTimeoutSeconds ?? 0;
