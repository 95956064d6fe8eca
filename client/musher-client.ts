import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { groupWorkflowId, SearchAttribute, TASK_QUEUE, WorkflowType } from '../contract/names.ts';
import { placeOf } from '../contract/place.ts';
import type { Observation } from '../contract/observation.ts';
import type { DeployPlan, ProvisionPlan } from '../contract/plan.ts';
import type { ObserveRequest, OperationRequest } from '../contract/requests.ts';
import { OperationHandle } from './operation-handle.ts';
import { OperationUnderWay } from './operation-under-way.ts';

export const groupKey = defineSearchAttributeKey(SearchAttribute.group, 'KEYWORD');
export const subjectKey = defineSearchAttributeKey(SearchAttribute.subject, 'KEYWORD');

/** An operation as a list shows it. */
export interface OperationSummary {
  workflowId: string;
  runId: string;
  operation: string;
  subject: string;
  group: string;
  /** Temporal's word: RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED, TIMED_OUT. */
  state: string;
  startedAt: Date;
  closedAt?: Date;
  requestedBy?: string;
}

/** Starts and follows Musher's operations through Temporal. Requests come from `client/requests.ts`. */
export class MusherClient {
  readonly temporal: Client;

  constructor(temporal: Client) {
    this.temporal = temporal;
  }

  /**
   * Starts an operation. The workflow id is the lock of its environment or group.
   *
   * @throws {OperationUnderWay} another operation holds the lock; it says which, and since when.
   */
  async start(request: OperationRequest): Promise<OperationHandle> {
    const { workflowId, subject, group } = placeOf(request);
    try {
      const handle = await this.temporal.workflow.start(WorkflowType[request.operation], {
        workflowId,
        taskQueue: TASK_QUEUE,
        args: [request],
        workflowIdConflictPolicy: 'FAIL',
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
        memo: { requestedBy: request.requestedBy },
        staticSummary: `${spoken(request.operation)} ${subject}`,
        staticDetails: `Asked for by ${request.requestedBy} at ${request.requestedAt}.`,
        typedSearchAttributes: new TypedSearchAttributes([
          { key: groupKey, value: group },
          { key: subjectKey, value: subject },
        ]),
      });
      return new OperationHandle(handle, handle.firstExecutionRunId);
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      throw new OperationUnderWay(await this.describe(workflowId));
    }
  }

  /** Observes the hosts and says what the operation would do; changes nothing. */
  async plan(request: OperationRequest): Promise<DeployPlan | ProvisionPlan> {
    const { workflowId } = placeOf(request);
    return this.temporal.workflow.execute<(request: OperationRequest) => Promise<DeployPlan | ProvisionPlan>>(WorkflowType.plan, {
      workflowId: `plan/${workflowId}/${crypto.randomUUID()}`,
      taskQueue: TASK_QUEUE,
      args: [request],
    });
  }

  /** Observes the hosts of a group. */
  async observe(request: ObserveRequest): Promise<Observation> {
    return this.temporal.workflow.execute<(request: ObserveRequest) => Promise<Observation>>(WorkflowType.observe, {
      workflowId: `observe/${groupWorkflowId(request.group)}/${crypto.randomUUID()}`,
      taskQueue: TASK_QUEUE,
      args: [request],
    });
  }

  /** An operation by its workflow id: the one under way, else the latest; or the one of `runId`. */
  async operation(workflowId: string, runId?: string): Promise<OperationHandle> {
    const workflow = this.temporal.workflow.getHandle(workflowId, runId);
    return new OperationHandle(workflow, runId ?? (await workflow.describe()).runId);
  }

  async describe(workflowId: string): Promise<OperationSummary> {
    return summaryOf(await this.temporal.workflow.getHandle(workflowId).describe());
  }

  /** Operations of a subject (`shop/live`, or a group's name), newest first; of all when left out. */
  async *operations(subject?: string): AsyncIterable<OperationSummary> {
    const types = [WorkflowType.provision, WorkflowType.deploy, WorkflowType.rollBack].map((type) => `'${type}'`).join(', ');
    // Subjects are made of RFC 1123 labels and '/', so the quotes hold. Who starts an operation without Musher may leave the attributes out.
    const id = subject?.includes('/') ? `environment/${subject}` : groupWorkflowId(subject ?? '');
    const query = `WorkflowType IN (${types})${subject ? ` AND (${SearchAttribute.subject} = '${subject}' OR WorkflowId = '${id}')` : ''}`;
    for await (const info of this.temporal.workflow.list({ query })) yield summaryOf(info);
  }
}

type Info = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['describe']>> | (ReturnType<Client['workflow']['list']> extends AsyncIterable<infer I> ? I : never);

function summaryOf(info: Info): OperationSummary {
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    operation: info.type,
    subject: info.typedSearchAttributes.get(subjectKey) ?? info.workflowId.replace(/^(environment|group)\//, ''),
    group: info.typedSearchAttributes.get(groupKey) ?? '',
    state: info.status.name,
    startedAt: info.startTime,
    ...(info.closeTime && { closedAt: info.closeTime }),
    ...(typeof info.memo?.['requestedBy'] === 'string' && { requestedBy: info.memo['requestedBy'] }),
  };
}

const spoken = (operation: OperationRequest['operation']): string => ({ provision: 'Provision', deploy: 'Deploy', rollBack: 'Roll back' })[operation];
