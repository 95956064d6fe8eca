import type { DeployPlan, ProvisionPlan } from '../contract/plan.ts';
import type { OperationRequest } from '../contract/requests.ts';
import { run } from './profiles.ts';
import { admit } from './request.ts';

/** Says what an operation would do, and does nothing. */
export async function plan(request: OperationRequest): Promise<DeployPlan | ProvisionPlan> {
  await admit(request);
  const looking = run('look at the servers');
  switch (request.operation) {
    case 'provision':
      return (await looking.planProvision(request)).plan;
    case 'deploy':
      return (await looking.planDeploy(request, { without: {} })).plan;
    case 'rollBack':
      return (await looking.planRollBack(request, { without: {} })).plan;
  }
}
