import { CancelledFailure } from '@temporalio/activity';
import type { HostOutcome, RunOutcome, RunProgress } from '../contract/run.ts';
import type { Stage } from '../contract/stage.ts';
import type { Server } from '../spec/spec.ts';
import { ActivityError } from './activity-error.ts';
import { runPlaybook } from './ansible/run-playbook.ts';
import type { RunHooks, RunKey, RunRequest, RunSettings } from './ansible/run-request.ts';
import { isStarted, latestRun, successor } from './ansible/successor.ts';
import { currentActivity, heartbeating } from './current-activity.ts';
import type { Json } from './inventory/json.ts';
import type { Roles } from './roles.ts';
import { renderInventory } from './inventory/render-inventory.ts';
import { renderVariables } from './inventory/render-variables.ts';

/** More than a run is ever started, so that an attempt's every start is newer than all of the one before. */
const STARTS_OF_AN_ATTEMPT = 10;

export interface Play {
  playbook: string;
  /** Names of the servers, by the inventory's group. */
  hosts: Roles;
  servers: Record<string, Server>;
  variables: Record<string, Json>;
  /** Whom the hosts' gates let in; left out for what only reads. */
  stage?: Stage;
  timeoutSeconds: number;
  /** What is run again when Ansible died before its end; only hosts that had not finished when left out. */
  afterLoss?: RunRequest['afterLoss'];
  /** Whether a user's own playbook is run, by itself or by ours. */
  runsUsers?: boolean;
  /** Text of files that the run needs and nobody else may read, by name. */
  secretFiles?: Record<string, string>;
}

/**
 * Runs a playbook as the current activity: heartbeats its progress, takes up a run that an earlier attempt
 * started, stops Ansible only when a cancel was asked for.
 *
 * @throws {ActivityError} `turn-lost`, and what concerns the whole run; what concerns hosts is in the outcome.
 */
export async function play(settings: RunSettings, play: Play): Promise<RunOutcome> {
  const { key, attempt } = currentActivity();
  if (play.stage && play.stage.holder !== key.runId) throw new ActivityError('turn-lost', 'The operation was reset: this run of it has no turn in the queue of its group.');
  if (!play.stage || (attempt === 1 && !play.stage.sealFirst)) return execute(settings, play, key, attempt);

  const known = await latestRun(settings, key);
  if ((await isStarted(settings, known)) && isHeardLast(settings)) {
    const outcome = await execute(settings, play, known, attempt);
    if (!isFenced(outcome)) return outcome;
  }
  return takeOver(settings, play, known, attempt);
}

/** Whether it was this worker that the step was last heard of by, and no other one that took it over and was lost as well. */
function isHeardLast({ workerId }: RunSettings): boolean {
  const heard = currentActivity().context.info.heartbeatDetails as Partial<Heartbeat> | undefined;
  return heard?.worker === undefined || heard.worker === workerId;
}

const isFenced = ({ hosts }: RunOutcome): boolean => Object.values(hosts).some((host) => host.status === 'failed' && host.failure === 'fenced');

/** Begins a step anew that another worker, which cannot be heard from here, may still be at: no host may go on serving that one. */
async function takeOver(settings: RunSettings, play: Play, known: RunKey, attempt: number): Promise<RunOutcome> {
  const key = await heartbeating(heartbeatOf(settings, () => STARTING), () => successor(settings, known, attempt));
  const sealed = await execute(settings, { ...play, playbook: 'seal.yml', variables: {} }, { ...key, activityId: `${key.activityId}-seal-${attempt}` }, attempt);
  if (Object.values(sealed.hosts).some(({ status }) => status !== 'ok')) return withoutTheUnsealed(sealed);
  return execute(settings, play, key, attempt);
}

/** Nothing may run while a host still obeys older steps: one that cannot be sealed counts as unreachable. */
function withoutTheUnsealed(sealed: RunOutcome): RunOutcome {
  const hosts = Object.entries(sealed.hosts).map(([name, host]): [string, HostOutcome] => {
    if (host.status !== 'failed') return [name, { status: 'not-reached' }];
    // Refused by a newer step: it is this one that came late.
    return [name, host.failure === 'fenced' ? host : { ...host, failure: 'host-unreachable' }];
  });
  return { ...sealed, hosts: Object.fromEntries(hosts), unsealed: true };
}

/** What a heartbeat tells the next attempt, and whoever looks on. */
type Heartbeat = RunProgress & { worker?: string | undefined };

const STARTING: RunProgress = { task: 'starting', done: [], failed: [] };

const heartbeatOf = ({ workerId }: RunSettings, progress: () => RunProgress) => (): Heartbeat => ({ ...progress(), worker: workerId });

async function execute(settings: RunSettings, play: Play, key: RunKey, attempt: number): Promise<RunOutcome> {
  const { context, signal } = currentActivity();
  const stop = new AbortController();
  const detach = new AbortController();
  const hear = () => {
    // The signal also fires on shutdown, time-outs, pause and reset: then the run goes on and is taken up again.
    if (context.cancellationDetails?.cancelRequested) stop.abort();
    else detach.abort();
  };
  if (signal.aborted) hear();
  else signal.addEventListener('abort', hear, { once: true });
  let progress = STARTING;
  const hooks: RunHooks = { onProgress: (next) => (progress = next), stop: stop.signal, detach: detach.signal };
  try {
    return await heartbeating(
      heartbeatOf(settings, () => progress),
      () => runPlaybook(settings, requestOf(play, key, attempt), hooks),
    );
  } catch (error) {
    if (stop.signal.aborted) throw new CancelledFailure('CANCELLED');
    if (detach.signal.aborted) throw signal.reason;
    throw error;
  }
}

function requestOf({ playbook, hosts, servers, variables, stage, timeoutSeconds, secretFiles, afterLoss, runsUsers }: Play, key: RunKey, attempt: number): RunRequest {
  const groups = Object.entries(hosts);
  // A storage may be a member or a balancer, too: to Ansible that is one host in two groups.
  const names = [...new Set(groups.flatMap(([, members]) => members))];
  return {
    key,
    playbook,
    inventory: (start) =>
      renderInventory({
        hosts: names.map((name) => ({ server: servers[name]!, groups: groups.flatMap(([group, members]) => (members.includes(name) ? group : [])) })),
        groups: Object.keys(hosts),
        ...(stage && { token: { scope: stage.scope, epoch: stage.epoch, step: stage.step, attempt: STARTS_OF_AN_ATTEMPT * attempt + start } }),
      }),
    variables: renderVariables(variables),
    hosts: names,
    timeoutSeconds,
    ...(secretFiles && { secretFiles }),
    ...(afterLoss && { afterLoss }),
    ...(runsUsers && { runsUsers }),
  };
}
