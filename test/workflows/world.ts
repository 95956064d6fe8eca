import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../activities/index.ts';
import type { Artifact } from '../../contract/artifact.ts';
import type { FailureType } from '../../contract/failures.ts';
import type { HostObservation, Observation } from '../../contract/observation.ts';
import type { DeployRequest, ProvisionRequest, RollBackRequest } from '../../contract/requests.ts';
import type { HostOutcome, RunOutcome } from '../../contract/run.ts';
import { admitDecision } from '../../activities/admit-decision.ts';
import { admitRequest } from '../../activities/admit-request.ts';
import type { Said } from '../../activities/plan-operation.ts';
import type { LedgerError } from '../../contract/ledger-error.ts';
import type { Started } from '../../contract/place.ts';
import type { DeployPlan, ProvisionPlan } from '../../contract/plan.ts';
import type { EndedHook, EnvironmentStage, HookDecision, HookPlace, Stage } from '../../contract/stage.ts';
import { agreedPlan, requireAgreed } from '../../plan/agreed-plan.ts';
import { planRecovery } from '../../plan/plan-recovery.ts';
import { nextEpoch } from '../../plan/next-epoch.ts';
import { planProvision } from '../../plan/plan-provision.ts';
import { planRollBack } from '../../plan/plan-roll-back.ts';
import { planRollOut } from '../../plan/plan-roll-out.ts';
import { targetOf } from '../../plan/target.ts';

export interface Call {
  activity: string;
  hosts: string[];
  step: number;
  detail?: string;
  /** What a switch brings. */
  release?: string | null;
}

/** What happens when an activity reaches a host; `undefined`: all goes well. */
export type Trouble = (call: Call, host: string) => { failure: FailureType; message?: string } | undefined;

const markOf = (member: string, { number, decided }: HookPlace): string => `${member} ${number} ${decided}`;

/**
 * Servers as the workflows see them: real planning, and activities that keep in memory which member has and
 * serves what. They stand beside the tests on real hosts, for speed.
 */
export class World {
  readonly calls: Call[] = [];
  readonly hosts: Record<string, HostObservation>;
  trouble: Trouble = () => undefined;
  silent = new Set<string>();
  /** Decisions must be signed with it. */
  inputKey: Buffer | undefined;
  /** What members have on record of playbooks that are `once` hooks. */
  readonly records: Record<string, 'begun' | EndedHook> = {};
  /** Playbooks that were begun as `once` hooks. */
  readonly played: string[] = [];
  /** Awaited by each of them, before it is on record as begun and after. */
  playing: (hasBegun: boolean) => Promise<void> = async () => {};
  /** Awaited by every run before it does anything. */
  gate: (call: Call) => Promise<void> = async () => {};
  readonly #backend: string;
  readonly #subject: string;

  /** @param storage keeps the code of all, which then is on no member. */
  constructor({ members, balancers, storage, subject, current }: { members: string[]; balancers: string[]; storage?: string; subject: string; current: string | null }) {
    this.#subject = subject;
    this.#backend = subject.replace('/', '_');
    const releases = current === null ? [] : [{ id: `${current}-older`, checksum: 'sha256:older' }, { id: current, checksum: 'sha256:old' }];
    const sorted = () => [...releases].sort((a, b) => (a.id < b.id ? -1 : 1));
    const member = (): HostObservation => ({
      epochs: { [subject]: 4 },
      environments: {
        [subject]: { releases: storage ? null : sorted(), current, provisioned: true, shared: [], code: storage ? { mounted: true, gone: null } : null, files: null },
      },
      balancer: null,
      exports: null,
    });
    const exported = { [`/var/aegir/projects/${subject}/releases`]: members, [`/var/aegir/projects/${subject}/shared`]: members };
    const keeper: HostObservation = {
      epochs: {},
      environments: { [subject]: { releases: sorted(), current: null, provisioned: false, shared: [], code: null, files: null } },
      balancer: null,
      exports: exported,
    };
    const held = current === null;
    const servers = () => Object.fromEntries(members.map((name) => [name, { admin: held ? ('maint' as const) : ('ready' as const), held }]));
    this.hosts = Object.fromEntries<HostObservation>([
      ...members.map((name) => [name, member()] as const),
      ...(storage ? [[storage, keeper] as const] : []),
      ...balancers.map((name) => [name, { epochs: {}, environments: {}, balancer: { backends: { [this.#backend]: servers() }, groups: {} }, exports: null }] as const),
    ]);
  }

  /** The release that each member serves. */
  get current(): Record<string, string | null> {
    const members = Object.entries(this.hosts).filter(([, { balancer, exports }]) => !balancer && !exports);
    return Object.fromEntries(members.map(([name, { environments }]) => [name, environments[this.#subject]!.current]));
  }

  /** Members that a balancer may not ask. */
  get held(): string[] {
    return Object.values(this.hosts).flatMap(({ balancer }) =>
      Object.entries(balancer?.backends[this.#backend] ?? {}).flatMap(([name, { held, admin }]) => (held || admin !== 'ready' ? name : [])),
    );
  }

  activities(): Activities {
    return {
      admitRequest: async (request: unknown, started: Started) => {
        try {
          admitRequest(undefined, request, started);
        } catch (error) {
          throw ApplicationFailure.nonRetryable((error as Error).message, 'input-refused');
        }
      },
      admitDecision: async (decision, asked) => {
        try {
          admitDecision(this.inputKey, decision, asked);
        } catch (error) {
          throw ApplicationFailure.nonRetryable((error as Error).message, 'input-refused');
        }
      },
      observeGroup: async () => ({ observation: this.#observation(), taskSeconds: 0 }),
      planDeploy: async (request: DeployRequest, said: Said) => {
        const target = targetOf(request.spec, request.project, request.environment);
        return { plan: this.#planned(() => planRollOut(target, this.#observation(), { operation: 'deploy', release: { id: 'new', checksum: null } }, said.without), said), taskSeconds: 0 };
      },
      planRollBack: async (request: RollBackRequest, said: Said) => {
        const target = targetOf(request.spec, request.project, request.environment);
        return { plan: this.#planned(() => planRollBack(target, this.#observation(), request.release, said.without), said), taskSeconds: 0 };
      },
      planProvision: async (request: ProvisionRequest) => ({ plan: this.#planned(() => planProvision(request.spec, request.group, this.#observation())), taskSeconds: 0 }),
      endRuns: async ({ workflowId }) => {
        this.calls.push({ activity: 'endRuns', hosts: [], step: 0, detail: workflowId });
        return 0;
      },
      planRecovery: async (request, plan) => {
        if (request.operation === 'provision' || plan.operation === 'provision') return { plan: { epoch: nextEpoch(this.#observation(), plan.scope), batches: [], targets: {}, hold: {}, release: {}, members: [] }, taskSeconds: 0 };
        return { plan: planRecovery(targetOf(request.spec, request.project, request.environment), this.#observation(), plan), taskSeconds: 0 };
      },
      sealHosts: async ({ stage, hosts }) => this.#run(stage, { activity: 'sealHosts', hosts, step: stage.step }, () => {}),
      lookAtSource: async () => ({ commit: '0123456789012345678901234567890123456789' }),
      buildArtifact: async (): Promise<Artifact> => {
        const trouble = this.trouble({ activity: 'buildArtifact', hosts: [], step: 0 }, '');
        if (trouble) throw ApplicationFailure.create({ type: trouble.failure, message: trouble.message ?? trouble.failure, nonRetryable: true, details: [{}] });
        return { checksum: 'sha256:new', files: 1, bytes: 1, seconds: 0 };
      },
      uploadRelease: async ({ stage, hosts, release }) =>
        this.#run(stage, { activity: 'uploadRelease', hosts, step: stage.step }, (host) => {
          const releases = this.#environment(host).releases!;
          if (!releases.some(({ id }) => id === release.id)) releases.push(release);
        }),
      deleteRelease: async ({ stage, hosts, release }) =>
        this.#run(stage, { activity: 'deleteRelease', hosts, step: stage.step }, (host) => {
          const environment = this.#environment(host);
          environment.releases = environment.releases?.filter(({ id }) => id !== release) ?? null;
        }),
      seeRelease: async ({ stage, members, release, isNew }) =>
        this.#run(stage, { activity: 'seeRelease', hosts: members, step: stage.step, detail: `${release.id} ${release.checksum}${isNew ? ', new' : ''}` }, () => {}),
      stopOnceHooks: async ({ stage, member }) => this.#run(stage, { activity: 'stopOnceHooks', hosts: [member], step: stage.step }, () => {}),
      runOnceHooks: async ({ stage, member, decisions, ended }) => {
        const outcome = await this.#run(stage, { activity: 'runOnceHooks', hosts: [member], step: stage.step, detail: decisions.join() }, () => {});
        return outcome.hosts[member]!.status === 'ok' ? { ...outcome, ...this.#throughHooks(stage, member, decisions, ended) } : outcome;
      },
      playOnceHook: async ({ stage, member, members, due, playbook }) => {
        const mark = markOf(member, due);
        const { balancers } = stage.target.group;
        const outcome = await this.#run(stage, { activity: 'playOnceHook', hosts: [...members, ...balancers], step: stage.step, detail: playbook }, () => {});
        if (Object.values(outcome.hosts).some((host) => host.status === 'failed' && host.failure !== 'hook-failed')) return outcome;
        await this.playing(false);
        if (this.records[mark]) return { ...outcome, hosts: { [member]: { status: 'failed', failure: 'hook-outcome-unknown', task: 'mark', message: 'begun before' } } };
        this.records[mark] = 'begun';
        this.played.push(playbook);
        await this.playing(true);
        return outcome;
      },
      playEachHook: async ({ stage, members, playbook }) => this.#run(stage, { activity: 'playEachHook', hosts: members, step: stage.step, detail: playbook }, () => {}),
      switchBatch: async ({ stage, targets, balancers, drain, part }) =>
        this.#run(stage, { activity: 'switchBatch', hosts: Object.keys(targets), step: stage.step, detail: [drain ? 'drained' : 'undrained', ...(part ? [...part.commands, part.isLast ? 'last' : 'goes on'] : [])].join(), release: Object.values(targets)[0]!.release }, (host) => {
          const { release, inService } = targets[host]!;
          this.#environment(host).current = release;
          this.#setHeld(host, !inService || part?.isLast === false, balancers);
        }),
      holdMembers: async ({ stage, balancers, held, released }) =>
        this.#run(stage, { activity: 'holdMembers', hosts: balancers, step: stage.step, detail: `held ${held.join()} released ${released.join()}` }, (balancer) => {
          for (const member of held) this.#setHeld(member, true, [balancer]);
          for (const member of released) this.#setHeld(member, false, [balancer]);
        }),
      pruneReleases: async ({ stage, hosts }) => this.#run(stage, { activity: 'pruneReleases', hosts, step: stage.step }, () => {}),
      provisionGroup: async (stage) => this.#run(stage, { activity: 'provisionGroup', hosts: Object.keys(stage.servers), step: stage.step }, () => {}),
      restoreProvision: async (stage) => this.#run(stage, { activity: 'restoreProvision', hosts: Object.keys(stage.servers), step: stage.step }, () => {}),
    };
  }

  /** As the module on a member does it. */
  #throughHooks({ target }: EnvironmentStage, member: string, decisions: HookDecision[], ended?: EndedHook): Pick<RunOutcome, 'hosts' | 'data'> {
    if (ended && this.records[markOf(member, ended)] === 'begun') this.records[markOf(member, ended)] = ended;
    let decided = 0;
    for (const [number, hook] of target.project.hooks.once.entries()) {
      if (typeof hook === 'string') continue;
      for (let isDone = false; !isDone; ) {
        const record = this.records[markOf(member, { number, decided })];
        if (!record) return { hosts: { [member]: { status: 'ok' } }, data: { [member]: { due: { number, decided } } } };
        if (record !== 'begun' && record.failure === undefined) break;
        const [failure, message]: [FailureType, string] = record === 'begun' ? ['hook-outcome-unknown', 'cut off'] : ['hook-failed', record.failure!];
        if (decided === decisions.length) return { hosts: { [member]: { status: 'failed', failure, task: 'hooks', message } }, data: {} };
        isDone = decisions[decided++] === 'done';
      }
    }
    return { hosts: { [member]: { status: 'ok' } }, data: {} };
  }

  /** Members in a run depend on each other, as in the playbook: one that fails keeps the others from being reached. */
  async #run({ holder }: Stage, call: Call, effect: (host: string) => void): Promise<RunOutcome> {
    if (holder !== Context.current().info.workflowExecution!.runId) throw ApplicationFailure.nonRetryable('This run has no turn.', 'turn-lost');
    this.calls.push(call);
    const heart = setInterval(() => Context.current().heartbeat(), 200);
    try {
      await this.gate(call);
    } finally {
      clearInterval(heart);
    }
    const hosts: Record<string, HostOutcome> = {};
    let stopped = false;
    for (const host of call.hosts) {
      const trouble = this.silent.has(host) ? { failure: 'host-unreachable' as const, message: 'no route' } : this.trouble(call, host);
      if (trouble) {
        hosts[host] = { status: 'failed', failure: trouble.failure, task: call.activity, message: trouble.message ?? trouble.failure };
        stopped ||= call.activity === 'switchBatch';
      } else if (stopped) hosts[host] = { status: 'not-reached' };
      else {
        effect(host);
        hosts[host] = { status: 'ok' };
      }
    }
    return { hosts, data: {}, seconds: 1, taskSeconds: 1, changed: call.hosts.length };
  }

  #planned<T extends DeployPlan | ProvisionPlan>(plan: () => T, { approved }: Partial<Said> = {}): T {
    try {
      return requireAgreed(plan(), approved && agreedPlan(approved));
    } catch (error) {
      throw ApplicationFailure.create({ type: (error as { type: string }).type, message: (error as Error).message, nonRetryable: true, details: [(error as LedgerError).hosts] });
    }
  }

  #observation(): Observation {
    const answering = Object.entries(this.hosts).filter(([name]) => !this.silent.has(name));
    return structuredClone({ hosts: Object.fromEntries(answering), unreachable: Object.fromEntries([...this.silent].map((name) => [name, 'no route'])) });
  }

  #environment(host: string) {
    return this.hosts[host]!.environments[this.#subject]!;
  }

  #setHeld(member: string, held: boolean, balancers: string[]): void {
    for (const name of balancers) {
      const { balancer } = this.hosts[name]!;
      if (balancer) balancer.backends[this.#backend]![member] = { admin: held ? 'maint' : 'ready', held };
    }
  }
}
