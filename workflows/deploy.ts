import type { NewRelease } from '../activities/upload-release.ts';
import type { Artifact } from '../contract/artifact.ts';
import type { DeployPlan } from '../contract/plan.ts';
import type { DeployRequest } from '../contract/requests.ts';
import type { OperationResult } from '../contract/result.ts';
import { listed } from './describe.ts';
import { runOnceHooks } from './once-hooks.ts';
import { Operation } from './operation.ts';
import { run } from './profiles.ts';
import { Planning } from './planning.ts';
import { admit, governanceOf, subjectOf } from './request.ts';
import { Rollout } from './rollout.ts';
import { failureOf, StepFailed } from './step-failed.ts';
import { runOnHosts } from './run-on-hosts.ts';
import { seeRelease } from './see-release.ts';
import { switchBatches } from './switching.ts';
import { tellRollout } from './tell-rollout.ts';
import { waysOutUnchanged } from './ways-out.ts';

/** Brings a release of an environment's code into service on every member of its group. */
export async function deploy(request: DeployRequest): Promise<OperationResult> {
  const subject = subjectOf(request);
  const operation = new Operation('deploy', subject, request);
  let rollout: Rollout | undefined;
  let artifact: Artifact | undefined;

  return operation.run(tellRollout(subject, () => ({ rollout, artifact })), async () => {
    await admit(request);
    await operation.takeTurn(request);
    operation.govern(governanceOf(request));
    const planning = new Planning(operation, request, (said) => run(`look at the servers of ${subject}`).planDeploy(request, said));
    let plan: DeployPlan;
    [plan, artifact] = await Promise.all([planning.plan(), build(operation, request, subject)]);
    plan = await planning.approved(plan, artifact);
    const release = releaseOf(plan, artifact);
    rollout = new Rollout(operation, plan);

    await rollout.leaveOut();
    await uploadRelease(operation, rollout, release);
    await seeRelease(operation, rollout, release, true);
    if (plan.target.project.hooks.once.length > 0) await runOnceHooks(operation, rollout, release.id);
    await switchBatches(operation, rollout);
    await prune(operation, rollout);
  });
}

const build = (operation: Operation, request: DeployRequest, subject: string): Promise<Artifact> =>
  operation.step('build', [], () => run(`build ${subject}`).buildArtifact(request), undefined, () => waysOutUnchanged('it is built again'));

/** What a worker that did not build it has to know to build it again. */
function releaseOf({ release: { id } }: DeployPlan, { checksum, ref: asked, commit: ref = asked }: Artifact): NewRelease {
  return { id, checksum, ...(ref !== undefined && { ref }) };
}

async function uploadRelease(operation: Operation, rollout: Rollout, release: NewRelease): Promise<void> {
  const { code, storage } = rollout.plan.target.group;
  const served = rollout.members.map((member) => [member, rollout.plan.members[member]?.release ?? ''] as const);
  // What a member serves is on the storage, whoever of them it is.
  const against = Object.fromEntries(code === 'nfs' && storage ? [[storage.server, served.find(([, id]) => id)?.[1] ?? '']] : served);
  const finished = new Set<string>();
  // Who is left out later may have a part of it all the same.
  const { holders } = rollout;
  // What is left of a release does no harm: the next upload deletes a half one, and pruning a whole one.
  const pruned = (): string => `musher deploy ${rollout.plan.subject}`;
  await operation.step(
    'upload',
    holders,
    (step) =>
      rollout.onHosts(step, rollout.holders, finished, (hosts, ordinal) => run(`${release.id} to ${hosts.join(', ')}`).uploadRelease({ stage: rollout.stage(ordinal), hosts, release, against })),
    async (step) => {
      if (code === 'nfs' && storage && rollout.mayServe.size > 0) {
        const message = `keeps ${release.id}, because ${listed([...rollout.mayServe])} may still serve it`;
        return operation.leftUndone('upload', { [storage.server]: { message } }, pruned);
      }
      const ask: Parameters<typeof runOnHosts>[2] = (hosts, ordinal) =>
        run(`delete ${release.id} again`).deleteRelease({ stage: rollout.stage(ordinal), hosts, release: release.id, of: 'upload' });
      await rollout.undo(step, 'upload', holders, ask, pruned);
    },
    (failure) =>
      rollout.ways.of(failure, { retry: `sent again to ${listed(rollout.holders.filter((host) => !finished.has(host)))}` }),
  );
}

/** Old releases that stay are no reason to take a good new one back: who fails here is only named. */
async function prune(operation: Operation, rollout: Rollout): Promise<void> {
  const { plan, holders, members, leftOut } = rollout;
  const crowded = plan.prune.filter((host) => holders.includes(host));
  const isStored = plan.target.group.code === 'nfs';
  // Nobody knows what a member serves that was left out, and here it would lose it.
  if (crowded.length === 0 || (isStored && Object.keys(leftOut).length > 0)) return;
  const hosts = isStored ? [...new Set([...crowded, ...members])] : crowded;
  await operation.step('prune', hosts, async (step) => {
    try {
      const failures = await runOnHosts(step, { hosts, patience: 0, narrow: true }, (pruned, ordinal) =>
        run('delete the oldest releases').pruneReleases({ stage: rollout.stage(ordinal), hosts: pruned, keepIds: plan.keepIds }),
      );
      if (Object.keys(failures).length > 0) step.remark(StepFailed.onHosts(failures).message);
    } catch (error) {
      const failure = failureOf(error, 'prune');
      if (!failure || failure.type === 'cancelled' || failure.type === 'turn-lost') throw error;
      step.remark(failure.message);
    }
  });
}
