import type { DeployPlan, ProvisionPlan } from '../contract/plan.ts';
import type { DeployRequest, OperationRequest } from '../contract/requests.ts';
import { run } from './profiles.ts';
import { admit } from './request.ts';

async function planDeploy(request: DeployRequest): Promise<DeployPlan> {
  const [{ plan: planned }, source] = await Promise.all([
    run('look at the servers').planDeploy(request, { without: {} }),
    run('look at the source').lookAtSource(request),
  ]);
  return { ...planned, ...(source && { source }) };
}

/** Says what an operation would do, and does nothing. */
export async function plan(request: OperationRequest): Promise<DeployPlan | ProvisionPlan> {
  await admit(request);
  const looking = run('look at the servers');
  switch (request.operation) {
    case 'provision':
      return (await looking.planProvision(request)).plan;
    case 'deploy':
      return planDeploy(request);
    case 'rollBack':
      return (await looking.planRollBack(request, { without: {} })).plan;
  }
}
