import type { RunOutcome } from '../contract/run.ts';
import type { EnvironmentStage, SwitchTarget } from '../contract/stage.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { playForEnvironment } from './play-for-environment.ts';

const MARGIN_SECONDS = 600;

export interface BatchSwitch {
  stage: EnvironmentStage;
  /** What each member of the batch is to serve: a new release, or again what it served before. */
  targets: Record<string, SwitchTarget>;
  /** The balancers to tell: all of the group, or those that can be. */
  balancers: string[];
  /** False: a drain that takes too long is given up, and the switch goes on. */
  patient: boolean;
  /** Whether the balancers drain the members first. */
  drain: boolean;
  /** Whether the project's `each` hooks run. */
  hooks: boolean;
  /** Of a switch that takes several runs, since there are playbooks among the hooks. */
  part?: SwitchPart;
}

export interface SwitchPart {
  /** The hooks of this run. */
  commands: string[];
  /** Whether it is the one that looks at the members' health, and puts them back into service. */
  isLast: boolean;
}

/** Takes a batch of members out of the balancers, switches their release, proves it healthy, and puts them back. */
export const switchBatch = (settings: RunSettings, { stage, targets, balancers, patient, drain, hooks, part }: BatchSwitch): Promise<RunOutcome> => {
  const { project, environment } = stage.target;
  const each = part?.commands ?? (hooks ? project.hooks.each : []);
  return playForEnvironment(settings, stage, {
    playbook: 'deploy-switch.yml',
    hosts: { members: Object.keys(targets), balancers },
    variables: {
      musher_targets: Object.fromEntries(
        Object.entries(targets).map(([name, { release, inService }]) => [name, { release, in_service: inService }]),
      ),
      musher_drain: drain,
      musher_patient: patient,
      musher_each: each,
      musher_finish: part?.isLast ?? true,
    },
    timeoutSeconds: environment.drainTimeoutSeconds + each.length * environment.hookTimeoutSeconds + MARGIN_SECONDS,
  });
};
