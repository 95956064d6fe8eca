import type { FailureType } from '../contract/failures.ts';
import { hookUnits } from '../contract/names.ts';
import type { OperationFailure } from '../contract/result.ts';
import { sshCommand } from '../contract/ssh-command.ts';
import type { EndedHook, HookDecision, HookPlace } from '../contract/stage.ts';
import type { Hook } from '../spec/spec.ts';
import { fileName, listed } from './describe.ts';
import type { Operation } from './operation.ts';
import { run } from './profiles.ts';
import { OF_THE_HOST, type Rollout } from './rollout.ts';
import { runOnHosts } from './run-on-hosts.ts';
import { failureOf, StepFailed } from './step-failed.ts';
import type { Step } from './step.ts';
import type { WaysOut } from './ways-out.ts';

/** What a hook did to a database, only its author can undo; what still runs of one is stopped before its release is deleted. */
export async function runOnceHooks(operation: Operation, rollout: Rollout, release: string): Promise<void> {
  // Of the release, not of this run of the workflow: a reset must find what ran before it.
  const id = `${rollout.plan.subject}/${release}`;
  const tried: Hooks[] = [];
  await operation.step(
    'once hooks',
    rollout.members.slice(0, 1),
    async (step: Step) => {
      await rollout.holdRest(step);
      const [member] = rollout.members;
      if (member === undefined) throw new StepFailed('host-unreachable', 'No member is left to run the `once` hooks on.');
      if (tried.at(-1)?.member !== member) tried.push({ member, release, id, decisions: [], isPlayed: false });
      await runHooks(step, rollout, tried.at(-1)!);
    },
    async (step) => {
      if (tried.some(({ isPlayed }) => isPlayed)) await stopPlaybooks(step, rollout);
      for (const { member, decisions } of tried) {
        const ask: Parameters<typeof runOnHosts>[2] = (_hosts, ordinal) =>
          run(`stop once hooks on ${member}`).stopOnceHooks({ stage: rollout.stage(ordinal), member, release, id, decisions });
        await rollout.undo(step, 'once hooks', [member], ask, () => stopByHand(rollout, member));
      }
    },
    (failure) => hookWaysOut(rollout, failure, tried.at(-1)),
  );
}

/** What only a person can go on from: the hook may have done its work, or a part of it. */
const OF_A_HOOK: ReadonlySet<FailureType> = new Set(['hook-failed', 'hook-outcome-unknown']);

/** How often a playbook's run may be lost before it has begun anything. */
const MOST_STARTS = 3;

interface Hooks {
  member: string;
  release: string;
  id: string;
  decisions: HookDecision[];
  /** Whether a playbook has been begun, as far as anybody knows. */
  isPlayed: boolean;
  /** What came of the last one, which the member may not have on record yet. */
  ended?: EndedHook | undefined;
}

/**
 * Runs the hooks in their order. The member goes through them, by its own records, up to a playbook that has not been begun; that is run
 * from the worker; the member puts on record what came of it, and goes on. So its records alone decide what has been done.
 */
async function runHooks(step: Step, rollout: Rollout, hooks: Hooks): Promise<void> {
  const { member, release, id, decisions, isPlayed } = hooks;
  const patience = rollout.plan.target.environment.retryTimeoutSeconds;
  let lost: { due: HookPlace; times: number; error: unknown } | undefined;
  for (;;) {
    let due: HookPlace | undefined;
    const failures = await runOnHosts(step, { hosts: [member], patience, narrow: true }, async (_hosts, ordinal) => {
      const outcome = await run(`once hooks on ${member}`).runOnceHooks({ stage: rollout.stage(ordinal), member, release, id, decisions, ...(hooks.ended && { ended: hooks.ended }) });
      due = outcome.data[member]?.['due'] as HookPlace | undefined;
      return outcome;
    });
    StepFailed.unlessNone(failures);
    if (!due) return;
    // It had not begun when its run was lost.
    const isLostAgain = lost?.due.number === due.number && lost.due.decided === due.decided;
    if (lost && isLostAgain && (lost.times >= MOST_STARTS || failureOf(lost.error, '')?.type !== 'run-lost')) throw lost.error;
    try {
      hooks.isPlayed = true;
      hooks.ended = await playHook(step, rollout, hooks, due);
    } catch (error) {
      const failure = failureOf(error, '');
      if (error instanceof StepFailed && !OF_A_HOOK.has(error.type)) hooks.isPlayed = isPlayed;
      if (!failure || error instanceof StepFailed || ['cancelled', 'turn-lost'].includes(failure.type)) throw error;
      // What the worker stopped is known to have failed; of all else the member's records say whether it was begun.
      hooks.ended = failure.type === 'hook-failed' ? { ...due, failure: failure.message } : undefined;
      lost = { due, times: isLostAgain ? lost!.times + 1 : 1, error };
    }
  }
}

/** Runs a playbook on all servers of the environment. @throws {StepFailed} it was not begun, or nobody knows what came of it when it was before. */
async function playHook(step: Step, rollout: Rollout, { member, release, id }: Hooks, due: HookPlace): Promise<EndedHook> {
  const { target } = rollout.plan;
  const { playbook } = target.project.hooks.once[due.number] as Exclude<Hook, string>;
  const { members } = rollout;
  const hosts = serversOf(rollout);
  const failures = await runOnHosts(step, { hosts, patience: target.environment.retryTimeoutSeconds, narrow: false }, (_hosts, ordinal) =>
    run(`${fileName(playbook)} on ${listed(hosts)}`).playOnceHook({ stage: rollout.stage(ordinal), member, members, release, id, due, playbook }),
  );
  const failed = Object.entries(failures);
  if (failed.length === 0) return due;
  if (!failed.every(([, { failure }]) => failure === 'hook-failed')) throw StepFailed.onHosts(failures);
  return { ...due, failure: failed.map(([host, { message }]) => `${host}: ${message}`).join('\n') };
}

/** All servers but those that are left out. */
function serversOf({ members, plan: { target } }: Rollout): string[] {
  const { balancers, storage } = target.group;
  return [...new Set([...members, ...balancers, ...(storage ? [storage.server] : [])])];
}

/** The run itself has ended by then; what it has begun on servers may go on, until they are told that it is out of date. */
async function stopPlaybooks(step: Step, rollout: Rollout): Promise<void> {
  const { servers } = rollout.plan.target;
  await rollout.undo(step, 'once hooks', serversOf(rollout), (hosts, ordinal) => run(`stop playbooks on ${listed(hosts)}`).sealHosts({ stage: rollout.stage(ordinal), hosts, servers }));
}

/** One operation of an environment has hooks at a time. */
function stopByHand({ plan: { target } }: Rollout, member: string): string {
  return `${sshCommand(target.servers[member]!)} "sudo systemctl stop '${hookUnits(target.project.name, target.environment.name)}'"`;
}

/** A hook that failed may have done its work, or a part of it: only a person can say so. One whose member is gone may still run there. */
function hookWaysOut(rollout: Rollout, failure: OperationFailure, tried: Hooks | undefined): WaysOut {
  const { member = '', decisions = [], isPlayed = false } = tried ?? {};
  if (OF_A_HOOK.has(failure.type)) {
    return rollout.ways.of(failure, {
      retry: `the hook that failed is run again on ${member}, then those after it`,
      again: () => void decisions.push('again'),
      done: () => void decisions.push('done'),
      skip: null,
      fixed: `Its hook may have done its work on ${member}, and would do it again on another member.`,
    });
  }
  return rollout.ways.of(failure, {
    retry: `${listed(Object.keys(failure.hosts))} asked again; a hook that has run is not run again`,
    ...(!OF_THE_HOST.has(failure.type) && { skip: null }),
    ...(isPlayed && member in failure.hosts && { skip: null, fixed: `What has been done is on record on ${member} alone, and would be done again without it.` }),
  });
}
