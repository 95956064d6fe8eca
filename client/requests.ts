import type { DeployRequest, ObserveRequest, ProvisionRequest, RollBackRequest } from '../contract/requests.ts';
import { specHash } from '../spec/hash.ts';
import { sliceForEnvironment, sliceForGroup } from '../spec/slice.ts';
import type { Spec } from '../spec/spec.ts';
import { whoAsks } from './who-asks.ts';

export interface EnvironmentName {
  project: string;
  environment: string;
}

export const provisionRequest = (spec: Spec, group: string): ProvisionRequest => ({
  ...heading(sliceForGroup(spec, group)),
  operation: 'provision',
  group,
});

/** @param ref replaces the environment's own `ref`. */
export const deployRequest = (spec: Spec, { project, environment }: EnvironmentName, ref?: string): DeployRequest => ({
  ...heading(sliceForEnvironment(spec, project, environment)),
  operation: 'deploy',
  project,
  environment,
  ...(ref !== undefined && { ref }),
});

/** @param release the id of a kept release; left out: the one before the current. */
export const rollBackRequest = (spec: Spec, { project, environment }: EnvironmentName, release?: string): RollBackRequest => ({
  ...heading(sliceForEnvironment(spec, project, environment)),
  operation: 'rollBack',
  project,
  environment,
  ...(release !== undefined && { release }),
});

export const observeRequest = (spec: Spec, group: string): ObserveRequest => ({
  ...heading(sliceForGroup(spec, group)),
  operation: 'observe',
  group,
});

function heading(spec: Spec) {
  return {
    version: 1 as const,
    spec,
    specHash: specHash(spec),
    requestedBy: whoAsks(),
    requestedAt: new Date().toISOString(),
  };
}
