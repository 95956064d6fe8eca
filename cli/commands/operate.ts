import { placeOf } from '../../contract/place.ts';
import { ExitCode } from '../exit-code.ts';
import type { SpecOptions } from '../options.ts';
import { print, printEvent } from '../output/print.ts';
import type { Asked } from '../program.ts';
import { readPlan } from '../read-plan.ts';
import { requestOf } from '../request.ts';
import { pageOf, takeUp } from '../take-up.ts';
import { TITLE } from '../views/render-steps.ts';
import { withClient } from '../with-client.ts';

export interface OperateOptions extends SpecOptions {
  detach?: boolean;
  plan?: string;
}

/** `musher provision|deploy|rollback` */
export async function operate(asked: Asked, { file, json = false, detach = false, plan }: OperateOptions): Promise<ExitCode> {
  const asking = await requestOf(asked, file);
  const request = plan === undefined ? asking : { ...asking, agreed: await readPlan(plan, asking) };
  return withClient({ json }, async (connected) => {
    const handle = await connected.client.start(connected.sign(request));
    const { subject } = placeOf(request);
    const { workflowId, runId } = handle;
    const page = connected.webUrl && pageOf(connected.webUrl, handle);
    if (json) printEvent({ event: 'started', operation: request.operation, subject, workflowId, runId, ...(page && { webUrl: page }) });
    else if (detach) print(`${TITLE[request.operation]} ${subject} is under way. Follow it with: musher watch ${subject}`);
    else if (!process.stdout.isTTY) print(`${TITLE[request.operation]} ${subject}${page ? ` (${page})` : ''}`);
    return detach ? ExitCode.done : takeUp(connected, handle, subject, json);
  });
}
