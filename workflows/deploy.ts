import type { Artifact } from '../contract/artifact.ts';
import type { DeployPlan } from '../contract/plan.ts';
import type { DeployRequest } from '../contract/requests.ts';
import type { OperationResult } from '../contract/result.ts';
import { Operation, type Step } from './operation.ts';
import { run } from './profiles.ts';
import { missesNobody, planWithPatience } from './plan-with-patience.ts';
import { admit, patienceOf, subjectOf } from './request.ts';
import { Rollout } from './rollout.ts';
import { failureOf, StepFailed } from './step-failed.ts';
import { runOnHosts } from './run-on-hosts.ts';
import { tellRollout } from './tell-rollout.ts';

/** Brings a release of an environment's code into service on every member of its group. */
export async function deploy(request: DeployRequest): Promise<OperationResult> {
  const subject = subjectOf(request);
  const operation = new Operation('deploy', subject);
  let rollout: Rollout | undefined;
  let artifact: Artifact | undefined;

  return operation.run(tellRollout(subject, () => ({ rollout, artifact })), async () => {
    await admit(request);
    let plan: DeployPlan;
    [plan, artifact] = await Promise.all([
      operation.step('observe and plan', [], (step) =>
        planWithPatience(step, patienceOf(request), () => run(`look at the servers of ${subject}`).planDeploy(request), missesNobody),
      ),
      operation.step('build', [], () => run(`build ${subject}`).buildArtifact(request)),
    ]);
    const release = { id: plan.release.id, checksum: artifact.checksum };
    rollout = new Rollout(operation, plan);

    await rollout.leaveOut();
    await uploadRelease(operation, rollout, release);
    if (plan.target.project.hooks.once.length > 0) await runOnceHooks(operation, rollout, release.id);
    await rollout.switchBatches();
    await prune(operation, rollout);
  });
}

async function uploadRelease(operation: Operation, rollout: Rollout, release: { id: string; checksum: string }): Promise<void> {
  const against = Object.fromEntries(rollout.members.map((member) => [member, rollout.plan.members[member]?.release ?? '']));
  await operation.step(
    'upload',
    rollout.holders,
    (step) => rollout.onHolders(step, (hosts, ordinal) => run(`${release.id} to ${hosts.join(', ')}`).uploadRelease({ stage: rollout.stage(ordinal), hosts, release, against })),
    (step) =>
      rollout.undo(step, 'upload', rollout.holders, (hosts, ordinal) =>
        run(`delete ${release.id} again`).deleteRelease({ stage: rollout.stage(ordinal), hosts, release: release.id }),
      ),
  );
}

/** What a hook did to a database, only its author can undo; what still runs of one is stopped before its release is deleted. */
async function runOnceHooks(operation: Operation, rollout: Rollout, release: string): Promise<void> {
  const [member] = rollout.members;
  if (member === undefined) throw new StepFailed('host-unreachable', 'No member is left to run the `once` hooks on.');
  const patience = rollout.plan.target.environment.retryTimeoutSeconds;
  // Of the release, not of this run of the workflow: a reset must find what ran before it.
  const id = `${rollout.plan.subject}/${release}`;
  await operation.step(
    'once hooks',
    [member],
    async (step: Step) => {
      const failures = await runOnHosts(step, { hosts: [member], patience, narrow: true }, (_hosts, ordinal) =>
        run(`once hooks on ${member}`).runOnceHooks({ stage: rollout.stage(ordinal), member, release, id }),
      );
      StepFailed.unlessNone(failures);
    },
    (step) =>
      rollout.undo(step, 'once hooks', [member], (_hosts, ordinal) =>
        run(`stop once hooks on ${member}`).stopOnceHooks({ stage: rollout.stage(ordinal), member, release, id }),
      ),
  );
}

/** Old releases that stay are no reason to take a good new one back: who fails here is only named. */
async function prune(operation: Operation, rollout: Rollout): Promise<void> {
  const crowded = rollout.plan.prune.filter((member) => rollout.members.includes(member));
  if (crowded.length === 0) return;
  await operation.step('prune', crowded, async (step) => {
    try {
      const failures = await runOnHosts(step, { hosts: crowded, patience: 0, narrow: true }, (members, ordinal) =>
        run('delete the oldest releases').pruneReleases({ stage: rollout.stage(ordinal), members, keepIds: rollout.plan.keepIds }),
      );
      if (Object.keys(failures).length > 0) step.remark(StepFailed.onHosts(failures).message);
    } catch (error) {
      const failure = failureOf(error, 'prune');
      if (!failure || failure.type === 'cancelled') throw error;
      step.remark(failure.message);
    }
  });
}
