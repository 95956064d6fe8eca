import { ApplicationFailure } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { DeployPlan, ProvisionPlan } from '../../contract/plan.ts';
import type { OperationRequest } from '../../contract/requests.ts';
import { isSigned } from '../../contract/signature.ts';
import type { HookDecision } from '../../contract/stage.ts';
import type { OperationRun } from '../../contract/turn.ts';
import { specHash } from '../../spec/hash.ts';
import { isUnknown } from './is-unknown.ts';

/** What a run of an operation was doing when it was cut off. */
export interface Interrupted {
  request: OperationRequest;
  plan: DeployPlan | ProvisionPlan;
  /** By member that `once` hooks were started on: what was decided about them so far. */
  hooksOn: Record<string, HookDecision[]>;
}

interface Payload {
  metadata?: Record<string, Uint8Array> | null;
  data?: Uint8Array | null;
}

/**
 * Reads in a run's own history what it was doing: nothing that anybody else says of it is believed.
 *
 * @returns undefined where it had no plan yet, so that nothing had been changed, where it was none of ours, or where its history has been deleted.
 * @throws {ApplicationFailure} `input-refused`: it has not been cut off.
 */
export async function findInterrupted(client: Client, inputKey: Buffer | undefined, { workflowId, runId }: OperationRun): Promise<Interrupted | undefined> {
  const events = await historyOf(client, { workflowId, runId });
  if (!events) return undefined;
  const last = events.at(-1);
  if (!last?.workflowExecutionTerminatedEventAttributes && !last?.workflowExecutionTimedOutEventAttributes)
    throw ApplicationFailure.nonRetryable(`${workflowId} was not cut off: there is nothing to clear up after.`, 'input-refused');
  const { payloadConverter, payloadCodecs } = client.options.loadedDataConverter;
  const decode = async <T>(payloads: { payloads?: Payload[] | null } | null | undefined): Promise<T | undefined> => {
    let found = payloads?.payloads ?? [];
    for (const codec of payloadCodecs) found = await codec.decode(found);
    return found[0] && payloadConverter.fromPayload<T>(found[0]);
  };

  let request: OperationRequest | undefined;
  let plan: Interrupted['plan'] | undefined;
  const hooksOn: Interrupted['hooksOn'] = {};
  const types = new Map<string, string>();
  for (const event of events) {
    const { workflowExecutionStartedEventAttributes: started, activityTaskScheduledEventAttributes: scheduled, activityTaskCompletedEventAttributes: completed } = event;
    if (started) request = await decode(started.input);
    if (scheduled) {
      types.set(String(event.eventId), scheduled.activityType?.name ?? '');
      if (scheduled.activityType?.name === 'runOnceHooks') {
        const { member, decisions } = (await decode<{ member: string; decisions: HookDecision[] }>(scheduled.input))!;
        hooksOn[member] = decisions;
      }
    }
    if (completed && ['planDeploy', 'planRollBack', 'planProvision'].includes(types.get(String(completed.scheduledEventId)) ?? ''))
      plan = (await decode<{ plan: Interrupted['plan'] }>(completed.result))?.plan;
  }
  if (!request || !plan || (inputKey && !isSigned(request, inputKey)) || specHash(request.spec) !== request.specHash) return undefined;
  return { request, plan, hooksOn };
}

/** Undefined where it is not known. */
async function historyOf(client: Client, { workflowId, runId }: OperationRun) {
  try {
    return (await client.workflow.getHandle(workflowId, runId).fetchHistory()).events ?? [];
  } catch (error) {
    if (isUnknown(error)) return undefined;
    throw error;
  }
}
