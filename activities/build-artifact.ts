import type { Artifact } from '../contract/artifact.ts';
import type { DeployRequest } from '../contract/requests.ts';
import { targetOf } from '../plan/target.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { makeArtifact } from './artifact/make-artifact.ts';
import type { ArtifactStore } from './artifact/store.ts';
import { currentActivity } from './current-activity.ts';

/**
 * Builds a release's code once, on the worker's machine, into its artifact store. An attempt that follows a
 * finished one finds what that built.
 *
 * @throws {ActivityError} `source-failed`, `build-failed`, `disk-full`, `plan-changed`
 */
export async function buildArtifact({ python }: Pick<RunSettings, 'python'>, store: ArtifactStore, request: DeployRequest): Promise<Artifact> {
  const { key, signal } = currentActivity();
  const name = `${key.workflowId}-${key.runId}-${key.activityId}`;
  const known = await store.recall(name);
  if (known) return known;

  const { project, environment } = targetOf(request.spec, request.project, request.environment);
  const artifact = await makeArtifact(python, store, { project, ref: request.ref ?? environment.ref, seen: request.agreed?.source }, signal);
  await store.note(name, artifact);
  return artifact;
}
