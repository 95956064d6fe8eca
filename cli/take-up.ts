import type { Connected } from '../client/connect.ts';
import type { OperationHandle } from '../client/operation-handle.ts';
import type { OperationResult } from '../contract/result.ts';
import { ExitCode } from './exit-code.ts';
import { follow, type View } from './follow.ts';
import { print, printEvent } from './output/print.ts';
import { jsonView } from './views/json-view.ts';
import { plainView } from './views/plain-view.ts';
import { renderResult } from './views/render-result.ts';

/** Follows an operation to its end, or until Ctrl-C, and tells of it. @returns the exit code. */
export async function takeUp(connected: Connected, handle: OperationHandle, subject: string, json: boolean): Promise<ExitCode> {
  const letGo = new AbortController();
  const onInterrupt = () => letGo.abort();
  // Not `once`: what restores the cursor ends the process where it finds no other listener.
  process.on('SIGINT', onInterrupt);
  try {
    const result = await follow(connected, handle, await viewFor(json), letGo.signal);
    if (!result) {
      if (json) printEvent({ event: 'let-go', subject, workflowId: handle.workflowId, runId: handle.runId });
      else print(`Let go; the operation goes on. Take it up again with: musher watch ${subject}`);
      return ExitCode.letGo;
    }
    tellResult(result, json, connected.webUrl && pageOf(connected.webUrl, handle));
    return result.outcome === 'done' ? ExitCode.done : ExitCode.failed;
  } finally {
    process.removeListener('SIGINT', onInterrupt);
  }
}

/** An operation's own page. */
export const pageOf = (webUrl: string, { workflowId, runId }: { workflowId: string; runId: string }): string =>
  `${webUrl}/workflows/${encodeURIComponent(workflowId)}/${runId}`;

function tellResult(result: OperationResult, json: boolean, page?: string): void {
  if (json) printEvent({ event: 'result', result });
  else print(renderResult(result, page));
}

async function viewFor(json: boolean): Promise<View> {
  if (json) return jsonView();
  // A terminal without a size cannot be drawn on.
  return process.stdout.isTTY && process.stdout.rows > 0 ? (await import('./views/live-view.ts')).liveView() : plainView();
}
