import type { RollBackRequest } from '../contract/requests.ts';
import type { OperationResult } from '../contract/result.ts';
import { Operation } from './operation.ts';
import { Planning } from './planning.ts';
import { run } from './profiles.ts';
import { admit, governanceOf, subjectOf } from './request.ts';
import { Rollout } from './rollout.ts';
import { seeRelease } from './see-release.ts';
import { switchBatches } from './switching.ts';
import { tellRollout } from './tell-rollout.ts';

/** Brings a release that is still kept back into service, by the same rolling steps as a deploy. */
export async function rollBack(request: RollBackRequest): Promise<OperationResult> {
  const subject = subjectOf(request);
  const operation = new Operation('rollBack', subject, request);
  let rollout: Rollout | undefined;

  return operation.run(tellRollout(subject, () => ({ rollout })), async () => {
    await admit(request);
    await operation.takeTurn(request);
    operation.govern(governanceOf(request));
    const planning = new Planning(operation, request, (said) => run(`look at the servers of ${subject}`).planRollBack(request, said));
    rollout = new Rollout(operation, await planning.approved(await planning.plan()));
    const { id, checksum } = rollout.plan.release;

    await rollout.leaveOut();
    await seeRelease(operation, rollout, { id, checksum: checksum ?? '' }, false);
    await switchBatches(operation, rollout);
  });
}
