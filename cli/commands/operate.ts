import type { OperationHandle } from '../../client/operation-handle.ts';
import { TITLE } from '../../contract/operation-words.ts';
import { placeOf } from '../../contract/place.ts';
import type { OperationRequest } from '../../contract/requests.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import { within } from '../within.ts';
import type { SpecOptions } from '../options.ts';
import { print, printEvent } from '../output/print.ts';
import { printable } from '../../contract/printable.ts';
import type { Asked } from '../program.ts';
import { readPlan } from '../read-plan.ts';
import { requestOf } from '../request.ts';
import { pageOf, takeUp } from '../take-up.ts';
import { withClient } from '../with-client.ts';

export interface OperateOptions extends SpecOptions {
  detach?: boolean;
  /** False with `--no-wait`. */
  wait?: boolean;
  latest?: boolean;
  plan?: string;
}

/** `musher provision|deploy|rollback` */
export const operate = async (asked: Asked, options: OperateOptions): Promise<ExitCode> => start(await whatIsAsked(asked, options), options);

/** The request that the command line makes, before anything is started. @throws {CommandError, UnknownNameError} */
export async function whatIsAsked(asked: Asked, { file, plan, wait = true, latest = false }: OperateOptions): Promise<OperationRequest> {
  if (!wait && latest) throw new CommandError('--no-wait and --latest do not go together: the one waits for nobody, the other takes a place among those who wait.');
  if (plan !== undefined && asked.operation === 'deploy' && asked.ref !== undefined) throw new CommandError('--plan and --ref do not go together: the plan says what is deployed.');
  const turn = !wait ? ('now' as const) : latest ? ('latest' as const) : undefined;
  const asking = { ...(await requestOf(asked, file)), ...(turn && { turn }) };
  return plan === undefined ? asking : { ...asking, agreed: await readPlan(plan, asking) };
}

/** Starts an operation, and follows it unless it is to be let alone. */
export function start(request: OperationRequest, { json = false, detach = false }: OperateOptions): Promise<ExitCode> {
  return withClient({ json }, async (connected) => {
    const handle = await connected.client.start(connected.sign(request));
    const { subject } = placeOf(request);
    const { workflowId, runId } = handle;
    const page = connected.webUrl && pageOf(connected.webUrl, handle);
    if (json) printEvent({ event: 'started', operation: request.operation, subject, workflowId, runId, ...(page && { webUrl: page }) });
    else if (detach) print(await howItStands(handle, `${TITLE[request.operation]} ${subject}`, subject));
    else if (!process.stdout.isTTY) print(`${TITLE[request.operation]} ${subject}${page ? ` (${page})` : ''}`);
    return detach ? ExitCode.done : takeUp(connected, handle, subject, json);
  });
}

/** Longer than this nobody who lets go of it waits to be told. */
const PATIENCE_MS = 2_000;

async function howItStands(handle: OperationHandle, what: string, subject: string): Promise<string> {
  const standing = await within(handle.standing().catch(() => undefined), PATIENCE_MS);
  if (standing?.is !== 'waiting') return `${what} is under way. Follow it with: musher watch ${subject}`;
  const others = standing.behind.map(({ operation, subject: other, requestedBy }) => `${TITLE[operation].toLowerCase()} ${other} by ${requestedBy}`);
  return printable(`${what} waits for its turn, behind ${others.join(', ')}. Follow it with: musher watch ${handle.workflowId}`);
}
