import { isGrpcServiceError, ServiceError, WorkflowNotFoundError } from '@temporalio/client';

/** INVALID_ARGUMENT and NOT_FOUND, as gRPC numbers them. */
const UNKNOWN: readonly number[] = [3, 5];

/** Whether Temporal knows of no such run, and perhaps never did: an id that is none of a run is an invalid argument. */
export function isUnknown(error: unknown): boolean {
  if (error instanceof WorkflowNotFoundError) return true;
  // A history is asked for without the client's own words for errors.
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && UNKNOWN.includes(cause.code);
}
