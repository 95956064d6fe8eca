import type { SourceSeen } from '../contract/artifact.ts';
import type { DeployRequest } from '../contract/requests.ts';
import { targetOf } from '../plan/target.ts';
import { seeSource } from './artifact/fetch-source.ts';
import { inWorkspace } from './artifact/in-workspace.ts';
import type { ArtifactStore } from './artifact/store.ts';
import { currentActivity } from './current-activity.ts';

/**
 * Looks what a deploy would be built from by now.
 *
 * @returns null for an archive, whose checksum the spec has.
 * @throws {ActivityError} `source-failed`, `disk-full`
 */
export async function lookAtSource(store: ArtifactStore, request: DeployRequest): Promise<SourceSeen | null> {
  const { project, environment } = targetOf(request.spec, request.project, request.environment);
  const { signal } = currentActivity();
  const seen = await inWorkspace(store, signal, (workspace) => seeSource(project.source, request.ref ?? environment.ref, workspace, signal));
  return seen ?? null;
}
