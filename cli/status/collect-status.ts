import type { Connected } from '../../client/connect.ts';
import type { Obstacle } from '../../client/obstacle.ts';
import type { OperationSummary } from '../../client/musher-client.ts';
import { WorkflowType } from '../../contract/names.ts';
import type { Question } from '../../contract/decision.ts';
import type { MemberState, NotUndone, OperationResult, Progress, StepReport } from '../../contract/result.ts';
import type { Spec } from '../../spec/spec.ts';
import { howItStands } from '../how-it-stands.ts';
import { within } from '../within.ts';
import { isActive } from '../views/render-steps.ts';
import type { LiveMember } from './observe-live.ts';

/** What `musher status --json` writes. Stable: fields are added, never changed. */
export interface Status {
  version: 1;
  temporal: { address: string; namespace: string; local: boolean; webUrl?: string };
  subjects: SubjectStatus[];
}

/** An environment, or a group (which only provisioning is about). */
export interface SubjectStatus {
  subject: string;
  kind: 'environment' | 'group';
  group: string;
  running: RunningOperation | null;
  /** Those that wait for their turn, the first one first. */
  waiting: WaitingOperation[];
  /** Present where an operation has no turn yet, and the queue that gives turns cannot go on. */
  queueObstacle?: Obstacle;
  last: EndedOperation | null;
  /** Present where one was cut off and none has ended since: how it was cleared up after that. */
  recovery?: EndedOperation;
  /** As the last operation that knew, or what cleared up after it, left them. */
  members: MemberState[];
  /** With `--live`: as the servers say. */
  live?: LiveMember[];
}

export interface RunningOperation {
  workflowId: string;
  operation: string;
  startedAt: string;
  requestedBy?: string;
  /** Null where no worker answers, or one that cannot go on with it. */
  steps: StepReport[] | null;
  /** Present where a worker has taken it up, and cannot go on with it. */
  obstacle?: Obstacle;
  /** Present while it is paused: what a person is asked. */
  question?: Question;
}

export interface WaitingOperation {
  workflowId: string;
  operation: string;
  startedAt: string;
  requestedBy?: string;
  /** Behind whom. */
  note?: string;
}

export interface EndedOperation {
  workflowId: string;
  operation: string;
  startedAt: string;
  endedAt: string;
  requestedBy?: string;
  /** `terminated` and `timed_out` are ends from outside of Musher. */
  outcome: OperationResult['outcome'] | 'terminated' | 'timed_out';
  message: string;
  /** Present where something is left to a person. */
  notUndone?: NotUndone[];
}

/** A worker that runs answers in some tens of milliseconds. */
const ANSWER_MS = 500;
/** Operations looked through for the last that says what members serve. */
const LOOK_BACK = 10;
const KNOWN_OPERATIONS = 1000;

/** Whom it asks, of a connection. */
type Asked = Pick<Connected, 'client' | 'local' | 'address' | 'namespace' | 'webUrl'>;

/** What the spec's environments and groups, or else all that Temporal knows, are at. Asks Temporal alone. */
export async function collectStatus(connected: Asked, spec: Spec | undefined, subject?: string): Promise<Status> {
  const names = subject !== undefined ? [subject] : spec ? subjectsOf(spec) : await knownSubjects(connected);
  const { address, namespace, local, webUrl } = connected;
  return {
    version: 1,
    temporal: { address, namespace, local, ...(webUrl && { webUrl }) },
    subjects: await Promise.all(names.map((name) => collectSubject(connected, spec, name))),
  };
}

async function collectSubject({ client }: Asked, spec: Spec | undefined, subject: string): Promise<SubjectStatus> {
  const kind = subject.includes('/') ? 'environment' : 'group';
  const [project, environment] = subject.split('/') as [string, string?];
  let group = kind === 'group' ? subject : (spec?.projects[project]?.environments[environment!]?.group ?? '');
  let running: RunningOperation | null = null;
  const waiting: WaitingOperation[] = [];
  const all: Told[] = [];
  let seen = 0;
  let withoutTurn = false;
  for await (const operation of client.operations(subject, { recoveries: true })) {
    group ||= operation.group;
    const isRecovery = operation.operation === WorkflowType.recover;
    const handle = await client.operation(operation.workflowId, operation.runId);
    if (operation.state === 'RUNNING') {
      const { progress, obstacle } = await howItStands(handle, ANSWER_MS);
      withoutTurn ||= !isRecovery && progress !== undefined && progress.turn?.is !== 'held';
      if (progress?.turn?.is === 'waiting') waiting.unshift({ ...heading(operation), ...noteOf(progress) });
      else running = { ...heading(operation), steps: progress?.steps ?? null, ...(obstacle && { obstacle }), ...(progress?.question && { question: progress.question }) };
      continue;
    }
    // That of a cancelled operation only a worker knows.
    const result = await within(handle.result().catch(() => undefined), ANSWER_MS);
    all.push({ ended: ended(operation, result), members: result?.members ?? [], isRecovery });
    // What cleared up after an operation began after it, and may have ended before those that began meanwhile.
    if (!isRecovery && (all.at(-1)!.members.length > 0 || kind === 'group' || ++seen === LOOK_BACK)) break;
  }
  const queueObstacle = withoutTurn ? await within(client.queueObstacle(group).catch(() => undefined), ANSWER_MS) : undefined;
  return { subject, kind, group, running, waiting, ...(queueObstacle && { queueObstacle }), ...lastOf(all) };
}

/** An operation that has ended, or the clearing up after one, and what it said of the members. */
interface Told {
  ended: EndedOperation;
  members: MemberState[];
  isRecovery: boolean;
}

/** What is to be known of those that have ended. @param newestFirst by when they began. */
function lastOf(newestFirst: readonly Told[]): Pick<SubjectStatus, 'last' | 'recovery' | 'members'> {
  const byEnd = newestFirst.toSorted((one, other) => Date.parse(other.ended.endedAt) - Date.parse(one.ended.endedAt));
  const members = byEnd.find((told) => told.members.length > 0)?.members ?? [];
  const recovery = byEnd[0]?.isRecovery ? byEnd[0].ended : undefined;
  return { last: newestFirst.find(({ isRecovery }) => !isRecovery)?.ended ?? null, ...(recovery && { recovery }), members };
}

function ended(operation: OperationSummary, result: OperationResult | undefined): EndedOperation {
  const { state, closedAt, startedAt } = operation;
  const known = { COMPLETED: 'done', CANCELLED: 'cancelled', TERMINATED: 'terminated', TIMED_OUT: 'timed_out' } as Record<string, EndedOperation['outcome']>;
  const outcome = result?.outcome ?? known[state] ?? 'failed';
  return { ...heading(operation), endedAt: (closedAt ?? startedAt).toISOString(), outcome, message: result?.message ?? `It was ${outcome.replace('_', ' ')}.`, ...(result?.notUndone.length && { notUndone: result.notUndone }) };
}

const noteOf = ({ steps }: Progress): { note?: string } => {
  const note = steps.find(isActive)?.note;
  return note === undefined ? {} : { note };
};

const heading = ({ workflowId, operation, startedAt, requestedBy }: OperationSummary) => ({ workflowId, operation, startedAt: startedAt.toISOString(), ...(requestedBy && { requestedBy }) });

const subjectsOf = (spec: Spec): string[] => [
  ...Object.keys(spec.groups),
  ...Object.values(spec.projects).flatMap(({ name, environments }) => Object.keys(environments).map((environment) => `${name}/${environment}`)),
];

async function knownSubjects({ client }: Asked): Promise<string[]> {
  const subjects = new Set<string>();
  let count = 0;
  for await (const { subject } of client.operations()) {
    subjects.add(subject);
    if (++count === KNOWN_OPERATIONS) break;
  }
  return [...subjects].sort();
}

/** The steps that are being done, in words. */
export const activeSteps = (steps: StepReport[]): StepReport[] => steps.filter(isActive);
