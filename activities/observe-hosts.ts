import type { HostObservation, Observation } from '../contract/observation.ts';
import type { RunOutcome } from '../contract/run.ts';
import type { Group, Spec } from '../spec/spec.ts';
import { serversOf, targetsOf } from '../plan/target.ts';
import { ActivityError } from './activity-error.ts';
import { RunLostForGood } from './ansible/run-failure.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { play } from './play.ts';
import { rolesOf } from './roles.ts';
import { environmentVariables } from './variables.ts';

const TIMEOUT_SECONDS = 120;

export interface Observed {
  observation: Observation;
  taskSeconds: number;
}

/**
 * Reads what is on a group's servers. Changes nothing, and passes no gate.
 *
 * @param spared names of servers that need not be readable.
 * @throws {ActivityError} a server answered and could not be read; one that did not answer is data.
 */
export async function observeHosts(settings: RunSettings, spec: Spec, group: Group, spared: readonly string[] = []): Promise<Observed> {
  const outcome = await play(settings, {
    playbook: 'observe.yml',
    hosts: rolesOf(group),
    servers: serversOf(spec, group),
    variables: { musher_environments: targetsOf(spec, group.name).map(environmentVariables) },
    timeoutSeconds: TIMEOUT_SECONDS,
  });
  return { observation: observationOf(outcome, spared), taskSeconds: outcome.taskSeconds };
}

function observationOf(outcome: RunOutcome, spared: readonly string[]): Observation {
  const observation: Observation = { hosts: {}, unreachable: {} };
  for (const [name, host] of Object.entries(outcome.hosts)) {
    if (host.status === 'ok') observation.hosts[name] = outcome.data[name] as unknown as HostObservation;
    else if (host.status === 'failed' && (host.failure === 'host-unreachable' || spared.includes(name))) observation.unreachable[name] = host.message;
    else if (host.status === 'failed') throw new ActivityError(host.failure, `${name} could not be observed: ${host.message}`, { [name]: host.message });
    else throw new RunLostForGood(`${name} was not observed: Ansible ended before it came to it.`);
  }
  return observation;
}
