import { readFile } from 'node:fs/promises';
import { placeOf } from '../contract/place.ts';
import type { DeployPlan, ProvisionPlan } from '../contract/plan.ts';
import type { AgreedPlan, OperationRequest } from '../contract/requests.ts';
import { agreedPlan } from '../plan/agreed-plan.ts';
import { CommandError } from './command-error.ts';

/** The plan in a file, as `musher plan … --json` wrote it. @throws {CommandError} it is none, or one of something else. */
export async function readPlan(file: string, request: OperationRequest): Promise<AgreedPlan> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`The plan ${file} cannot be read (${error.code}).`);
  });
  const plan = parsed(text);
  const { subject } = placeOf(request);
  if (!plan) throw new CommandError(`${file} holds no plan. Write one with: musher plan ${wordOf(request)} ${subject} --json >plan.json`);
  if (plan.operation === request.operation && plan.subject === subject) return agreedPlan(plan);
  throw new CommandError(`${file} is a plan to ${wordOf(plan)} ${plan.subject}, not to ${wordOf(request)} ${subject}.`);
}

const wordOf = ({ operation }: { operation: OperationRequest['operation'] }): string => (operation === 'rollBack' ? 'rollback' : operation);

function parsed(text: string): DeployPlan | ProvisionPlan | undefined {
  try {
    const plan = JSON.parse(text) as Partial<DeployPlan> | null;
    const isPlan = typeof plan?.subject === 'string' && Array.isArray(plan.changes) && ['provision', 'deploy', 'rollBack'].includes(plan.operation as string);
    return isPlan ? (plan as DeployPlan) : undefined;
  } catch {
    return undefined;
  }
}
