// What other programs import from the package.
export { connect, ConnectError, type Connected, type ConnectOptions } from './connect.ts';
export { MusherClient, type OperationSummary } from './musher-client.ts';
export { OperationHandle } from './operation-handle.ts';
export { OperationUnderWay } from './operation-under-way.ts';
export { deployRequest, observeRequest, provisionRequest, rollBackRequest, type EnvironmentName } from './requests.ts';
export { loadSpec } from '../spec/load-spec.ts';
export { parseSpec } from '../spec/parse-spec.ts';
export type { Spec } from '../spec/spec.ts';
export type { SpecError } from '../spec/spec-error.ts';
export { FAILURES, type FailureType } from '../contract/failures.ts';
export type { Observation } from '../contract/observation.ts';
export type { DeployPlan, ProvisionPlan } from '../contract/plan.ts';
export type { DeployRequest, ObserveRequest, OperationRequest, ProvisionRequest, RollBackRequest } from '../contract/requests.ts';
export type { OperationResult, Progress } from '../contract/result.ts';
export type { RunProgress } from '../contract/run.ts';
