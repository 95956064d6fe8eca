import { ExitCode } from '../exit-code.ts';
import { printDocument, print } from '../output/print.ts';
import type { Asked } from '../program.ts';
import { requestOf } from '../request.ts';
import { tellWaiting } from '../tell-waiting.ts';
import { renderPlan } from '../views/render-plan.ts';
import { withClient } from '../with-client.ts';

/** `musher plan provision|deploy|rollback` */
export async function plan(asked: Asked, { file, json }: { file?: string; json?: boolean }): Promise<ExitCode> {
  const request = await requestOf(asked, file);
  return withClient({ json: !!json }, async (connected) => {
    const { client, sign } = connected;
    const found = await tellWaiting(connected, !!json, client.plan(sign({ ...request, only: 'plan' as const })));
    if (json) printDocument(found);
    else print(renderPlan(found));
    return ExitCode.done;
  });
}
