import type { SwitchPart } from '../activities/switch-batch.ts';
import type { RunOutcome } from '../contract/run.ts';
import type { Ordinal } from '../contract/stage.ts';
import type { Hook } from '../spec/spec.ts';
import type { Step } from './step.ts';

/** A run of a switch whose `each` hooks have playbooks among them: each of those is run by itself, between two parts of the switch. */
export type Part = SwitchPart | { playbook: string };

/** The runs of a switch, in their order: members are drained by the first, and put back into service by the last. */
export function partsOf(hooks: readonly Hook[]): Part[] {
  const parts: Part[] = [];
  let commands: string[] = [];
  hooks.forEach((hook, index) => {
    if (typeof hook === 'string') return commands.push(hook);
    if (index === 0 || commands.length > 0) parts.push({ commands, isLast: false });
    commands = [];
    return parts.push(hook);
  });
  return [...parts, { commands, isLast: true }];
}

/** Makes runs of one, one after another, up to the first in which a host failed. @param ordinal of the first; those after it have newer ones. */
export async function runParts(parts: readonly Part[], step: Step, ordinal: Ordinal, ask: (part: Part, ordinal: Ordinal, isFirst: boolean) => Promise<RunOutcome>): Promise<RunOutcome> {
  let all: RunOutcome = { hosts: {}, data: {}, seconds: 0, taskSeconds: 0, changed: 0 };
  for (const [index, part] of parts.entries()) {
    const outcome = await ask(part, index === 0 ? ordinal : { step: step.nextOrdinal() }, index === 0);
    all = {
      hosts: { ...all.hosts, ...outcome.hosts },
      data: { ...all.data, ...outcome.data },
      seconds: all.seconds + outcome.seconds,
      taskSeconds: all.taskSeconds + outcome.taskSeconds,
      changed: all.changed + outcome.changed,
    };
    // A playbook need not come to every member.
    if (Object.values(outcome.hosts).some(({ status }) => status === 'failed')) return all;
  }
  return all;
}
