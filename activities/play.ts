import { CancelledFailure } from '@temporalio/activity';
import type { HostOutcome, RunOutcome, RunProgress } from '../contract/run.ts';
import type { Stage } from '../contract/stage.ts';
import type { Server } from '../spec/spec.ts';
import { readKey, runFolder } from './ansible/run-folder.ts';
import { runPlaybook } from './ansible/run-playbook.ts';
import type { RunHooks, RunKey, RunRequest, RunSettings } from './ansible/run-request.ts';
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
  /** Text of files that the run needs and nobody else may read, by name. */
  secretFiles?: Record<string, string>;
}

/**
 * Runs a playbook as the current activity: heartbeats its progress, takes up a run that an earlier attempt
 * started, stops Ansible only when a cancel was asked for.
 *
 * @throws {ActivityError} what concerns the whole run; what concerns hosts is in the outcome.
 */
export async function play(settings: RunSettings, play: Play): Promise<RunOutcome> {
  const { key, attempt } = currentActivity();
  // Another worker may have started this step and cannot be heard from here: no host may go on serving it.
  if (play.stage && attempt > 1 && !(await readKey(runFolder(settings.runsFolder, key)))) {
    const sealed = await execute(settings, { ...play, playbook: 'seal.yml', variables: {} }, { ...key, activityId: `${key.activityId}-seal-${attempt}` }, attempt);
    if (Object.values(sealed.hosts).some(({ status }) => status !== 'ok')) return withoutTheUnsealed(sealed);
  }
  return execute(settings, play, key, attempt);
}

/** Nothing may run while a host still obeys older steps: one that cannot be sealed counts as unreachable. */
function withoutTheUnsealed(sealed: RunOutcome): RunOutcome {
  const hosts = Object.entries(sealed.hosts).map(([name, host]): [string, HostOutcome] => [
    name,
    host.status === 'failed' ? { ...host, failure: 'host-unreachable' } : { status: 'not-reached' },
  ]);
  return { ...sealed, hosts: Object.fromEntries(hosts) };
}

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
  let progress: RunProgress = { task: 'starting', done: [], failed: [] };
  const hooks: RunHooks = { onProgress: (next) => (progress = next), stop: stop.signal, detach: detach.signal };
  try {
    return await heartbeating(
      () => progress,
      () => runPlaybook(settings, requestOf(play, key, attempt), hooks),
    );
  } catch (error) {
    if (stop.signal.aborted) throw new CancelledFailure('CANCELLED');
    if (detach.signal.aborted) throw signal.reason;
    throw error;
  }
}

function requestOf({ playbook, hosts, servers, variables, stage, timeoutSeconds, secretFiles, afterLoss }: Play, key: RunKey, attempt: number): RunRequest {
  const places = Object.entries(hosts).flatMap(([group, names]) => names.map((name) => ({ name, group })));
  return {
    key,
    playbook,
    inventory: (start) =>
      renderInventory({
        hosts: places.map(({ name, group }) => ({ server: servers[name]!, groups: [group] })),
        groups: Object.keys(hosts),
        ...(stage && { token: { scope: stage.scope, epoch: stage.epoch, step: stage.step, attempt: STARTS_OF_AN_ATTEMPT * attempt + start } }),
      }),
    variables: renderVariables(variables),
    hosts: places.map(({ name }) => name),
    timeoutSeconds,
    ...(secretFiles && { secretFiles }),
    ...(afterLoss && { afterLoss }),
  };
}
