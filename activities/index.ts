import type { Decision } from '../contract/decision.ts';
import type { Started } from '../contract/place.ts';
import type { DeployRequest } from '../contract/requests.ts';
import { signatureOf } from '../contract/signature.ts';
import { admitDecision } from './admit-decision.ts';
import { admitRequest } from './admit-request.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { ArtifactStore } from './artifact/store.ts';
import { buildArtifact } from './build-artifact.ts';
import { currentActivity, heartbeating } from './current-activity.ts';
import { deleteRelease } from './delete-release.ts';
import { endRuns } from './end-runs.ts';
import { holdMembers } from './hold-members.ts';
import { lookAtSource } from './look-at-source.ts';
import { observeGroup, planDeploy, planProvisioning, planRecoveryOf, planRollBackTo } from './plan-operation.ts';
import { provisionGroup, restoreProvision } from './provision-group.ts';
import { runOnceHooks, stopOnceHooks } from './once-hooks.ts';
import { playEachHook, playOnceHook } from './playbook-hooks.ts';
import { pruneReleases } from './prune-releases.ts';
import { sealHosts } from './seal-hosts.ts';
import { seeRelease } from './see-release.ts';
import { switchBatch } from './switch-batch.ts';
import { telling } from './tell.ts';
import { uploadRelease } from './upload-release.ts';
import { useInput } from './use-input.ts';

export interface ActivitySettings {
  run: RunSettings;
  /** Folder of the artifact store. */
  artifacts: string;
  /** Key that requests must be signed with; left out where Temporal's own authorization decides. */
  inputKey?: Buffer;
  /** Folder that remembers which signed inputs have been used. */
  usedInputs: string;
  /** Folder for what is kept of bugs that are met. */
  reports: string;
  /** Musher's version. */
  version: string;
}

export type Activities = ReturnType<typeof createActivities>;

/** The worker's activities, each bound to this worker's settings. */
export function createActivities({ run, artifacts, inputKey, usedInputs, reports, version }: ActivitySettings) {
  const told = telling(reports, version);
  const store = new ArtifactStore(artifacts);
  return {
    admitRequest: told(async (input: unknown, started: Started) => {
      const request = admitRequest(inputKey, input, started);
      if (inputKey) await useInput(usedInputs, request, signatureOf(request, inputKey), currentActivity().key.runId, started.firstRunId);
    }),
    admitDecision: told(async (decision: Decision, asked: { workflowId: string; runId: string }) => admitDecision(inputKey, decision, asked)),
    observeGroup: told(observeGroup.bind(null, run)),
    planDeploy: told(planDeploy.bind(null, run)),
    planRollBack: told(planRollBackTo.bind(null, run)),
    planProvision: told(planProvisioning.bind(null, run)),
    lookAtSource: told((request: DeployRequest) => heartbeating(() => ({ task: 'look at the source', done: [], failed: [] }), () => lookAtSource(store, request))),
    buildArtifact: told((request: DeployRequest) => heartbeating(() => ({ task: 'build', done: [], failed: [] }), () => buildArtifact(run, store, request))),
    uploadRelease: told(uploadRelease.bind(null, run, store)),
    seeRelease: told(seeRelease.bind(null, run, store)),
    deleteRelease: told(deleteRelease.bind(null, run)),
    stopOnceHooks: told(stopOnceHooks.bind(null, run)),
    runOnceHooks: told(runOnceHooks.bind(null, run)),
    playOnceHook: told(playOnceHook.bind(null, run)),
    playEachHook: told(playEachHook.bind(null, run)),
    switchBatch: told(switchBatch.bind(null, run)),
    holdMembers: told(holdMembers.bind(null, run)),
    pruneReleases: told(pruneReleases.bind(null, run)),
    endRuns: told(endRuns.bind(null, run)),
    planRecovery: told(planRecoveryOf.bind(null, run)),
    sealHosts: told(sealHosts.bind(null, run)),
    provisionGroup: told(provisionGroup.bind(null, run)),
    restoreProvision: told(restoreProvision.bind(null, run)),
  };
}
