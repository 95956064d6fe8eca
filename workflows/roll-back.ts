import type { RollBackRequest } from '../contract/requests.ts';
import type { OperationResult } from '../contract/result.ts';
import { Operation } from './operation.ts';
import { missesNobody, planWithPatience } from './plan-with-patience.ts';
import { run } from './profiles.ts';
import { admit, patienceOf, subjectOf } from './request.ts';
import { Rollout } from './rollout.ts';
import { tellRollout } from './tell-rollout.ts';

/** Brings a release that the members still keep back into service, by the same rolling steps as a deploy. */
export async function rollBack(request: RollBackRequest): Promise<OperationResult> {
  const subject = subjectOf(request);
  const operation = new Operation('rollBack', subject);
  let rollout: Rollout | undefined;

  return operation.run(tellRollout(subject, () => ({ rollout })), async () => {
    await admit(request);
    const plan = await operation.step('observe and plan', [], (step) =>
      planWithPatience(step, patienceOf(request), () => run(`look at the servers of ${subject}`).planRollBack(request), missesNobody),
    );
    rollout = new Rollout(operation, plan);

    await rollout.leaveOut();
    await rollout.switchBatches();
  });
}
