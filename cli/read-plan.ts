import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { placeOf } from '../contract/place.ts';
import type { DeployPlan, ProvisionPlan } from '../contract/plan.ts';
import type { AgreedPlan, OperationRequest } from '../contract/requests.ts';
import { agreedPlan } from '../plan/agreed-plan.ts';
import { CommandError } from './command-error.ts';

type Plan = DeployPlan | ProvisionPlan;

const changes = z.array(z.object({ host: z.string(), change: z.string() }));
const release = z.object({ id: z.string().min(1) });
const source = z.union([z.object({ commit: z.string() }), z.object({ checksum: z.string() })]).optional();

/** What is made use of here. All else counts in the plan's digest alone: what is damaged there, no plan of the operation is equal to. */
const FORM = z.discriminatedUnion('operation', [
  z.object({ operation: z.literal('provision'), subject: z.string(), changes }),
  z.object({ operation: z.enum(['deploy', 'rollBack']), subject: z.string(), changes, release, source }),
]);

/** The plan in a file, as `musher plan … --json` wrote it. @throws {CommandError} it is none, or one of something else. */
export async function readPlan(file: string, request: OperationRequest): Promise<AgreedPlan> {
  const { subject } = placeOf(request);
  const refuse = (what: string): never => {
    throw new CommandError(`${what}. Write one with: musher plan ${wordOf(request)} ${subject} --json >plan.json`);
  };
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => refuse(`The plan ${file} cannot be read (${error.code === 'ENOENT' ? 'there is no such file' : error.code})`));
  const { plan, agreed } = planIn(text) ?? refuse(`${file} holds no plan`);
  if (plan.operation === request.operation && plan.subject === subject) return agreed;
  return refuse(`${file} is a plan to ${wordOf(plan)} ${plan.subject}, not to ${wordOf(request)} ${subject}`);
}

const wordOf = ({ operation }: { operation: OperationRequest['operation'] }): string => (operation === 'rollBack' ? 'rollback' : operation);

function planIn(text: string): { plan: Plan; agreed: AgreedPlan } | undefined {
  try {
    const plan = JSON.parse(text) as Plan;
    return FORM.safeParse(plan).success ? { plan, agreed: agreedPlan(plan) } : undefined;
  } catch (error) {
    // No JSON, or nested more deeply than can be followed.
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}
