import { type Client, WorkflowIdReusePolicy } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { attributesOf, groupKey, memoOf, ofTypes, requestedBy, subjectKey } from '../contract/listing.ts';
import { environmentPrefix, groupPrefix, OPERATIONS, QUEUE_QUERY, queueWorkflowId, SearchAttribute, TASK_QUEUE, WorkflowType } from '../contract/names.ts';
import { TITLE } from '../contract/operation-words.ts';
import { placeOf, subjectOfId } from '../contract/place.ts';
import type { Observation } from '../contract/observation.ts';
import type { DeployPlan, ProvisionPlan } from '../contract/plan.ts';
import type { ObserveRequest, OperationRequest } from '../contract/requests.ts';
import type { QueueView } from '../contract/turn.ts';
import { type Obstacle, obstacleOf } from './obstacle.ts';
import { newOperationId } from './operation-id.ts';
import { OperationHandle } from './operation-handle.ts';
import { OperationUnderWay } from './operation-under-way.ts';

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
   * Starts an operation. It takes its turn in the queue of its group, and waits for it, unless `request.turn` is `now`.
   *
   * @throws {OperationUnderWay} with `now`: others are before it; it says which. Nothing was begun.
   */
  async start(request: OperationRequest): Promise<OperationHandle> {
    const { subject, group } = placeOf(request);
    const workflow = await this.temporal.workflow.start(WorkflowType[request.operation], {
      workflowId: newOperationId(request),
      taskQueue: TASK_QUEUE,
      args: [request],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      memo: memoOf(request),
      staticSummary: `${TITLE[request.operation]} ${subject}`,
      staticDetails: `Asked for by ${request.requestedBy} at ${request.requestedAt}.`,
      typedSearchAttributes: new TypedSearchAttributes(attributesOf(group, subject)),
    });
    const handle = new OperationHandle(workflow, workflow.firstExecutionRunId);
    if (request.turn !== 'now') return handle;
    const standing = await handle.standing();
    if (standing?.is === 'refused') throw new OperationUnderWay(subject, standing.behind);
    return handle;
  }

  /** The queue of a group: who has a turn and who waits, in their order; nobody where there is none. */
  async queue(group: string): Promise<QueueView> {
    try {
      return await this.temporal.workflow.getHandle(queueWorkflowId(group)).query<QueueView>(QUEUE_QUERY);
    } catch (error) {
      if ((error as Error).name === 'WorkflowNotFoundError') return [];
      throw error;
    }
  }

  /** What keeps the queue of a group from going on, and with it those that wait for a turn; undefined where nothing is known to. */
  async queueObstacle(group: string): Promise<Obstacle | undefined> {
    const queue = this.temporal.workflow.getHandle(queueWorkflowId(group));
    try {
      return await obstacleOf(queue, (await queue.describe()).runId);
    } catch (error) {
      if ((error as Error).name === 'WorkflowNotFoundError') return undefined;
      throw error;
    }
  }

  /** The groups that have a queue. */
  async queues(): Promise<string[]> {
    const groups = new Set<string>();
    const query = `WorkflowType = '${WorkflowType.queue}' AND ExecutionStatus = 'Running'`;
    for await (const { workflowId } of this.temporal.workflow.list({ query })) groups.add(workflowId.replace(/^queue\//, ''));
    return [...groups].sort();
  }

  /** Observes the hosts and says what the operation would do; changes nothing. */
  async plan(request: OperationRequest): Promise<DeployPlan | ProvisionPlan> {
    const { prefix } = placeOf(request);
    return this.temporal.workflow.execute<(request: OperationRequest) => Promise<DeployPlan | ProvisionPlan>>(WorkflowType.plan, {
      workflowId: `plan/${prefix}/${crypto.randomUUID()}`,
      taskQueue: TASK_QUEUE,
      args: [request],
    });
  }

  /** Observes the hosts of a group. */
  async observe(request: ObserveRequest): Promise<Observation> {
    return this.temporal.workflow.execute<(request: ObserveRequest) => Promise<Observation>>(WorkflowType.observe, {
      workflowId: `observe/${groupPrefix(request.group)}/${crypto.randomUUID()}`,
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

  /**
   * Operations of a subject (`shop/live`, or a group's name), newest first; of all when left out.
   *
   * @param recoveries whether those are among them that cleared up after one that was cut off.
   */
  async *operations(subject?: string, { recoveries = false }: { recoveries?: boolean } = {}): AsyncIterable<OperationSummary> {
    // Subjects are made of RFC 1123 labels and '/', so the quotes hold. Who starts an operation without Musher may leave the attributes out.
    const [project, environment] = (subject ?? '').split('/') as [string, string?];
    const prefix = environment === undefined ? groupPrefix(project) : environmentPrefix(project, environment);
    const types = recoveries ? [...OPERATIONS, WorkflowType.recover] : OPERATIONS;
    const query = `${ofTypes(types)}${subject ? ` AND (${SearchAttribute.subject} = '${subject}' OR WorkflowId STARTS_WITH '${prefix}/')` : ''}`;
    for await (const info of this.temporal.workflow.list({ query })) yield summaryOf(info);
  }
}

type Info = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['describe']>> | (ReturnType<Client['workflow']['list']> extends AsyncIterable<infer I> ? I : never);

function summaryOf(info: Info): OperationSummary {
  const by = requestedBy(info);
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    operation: info.type,
    subject: info.typedSearchAttributes.get(subjectKey) ?? subjectOfId(info.workflowId) ?? info.workflowId,
    group: info.typedSearchAttributes.get(groupKey) ?? '',
    state: info.status.name,
    startedAt: info.startTime,
    ...(info.closeTime && { closedAt: info.closeTime }),
    ...(by !== undefined && { requestedBy: by }),
  };
}
