import { readFile } from 'node:fs/promises';
import type { EnvironmentTarget } from '../contract/plan.ts';
import type { RunOutcome } from '../contract/run.ts';
import type { GroupStage } from '../contract/stage.ts';
import { environmentSlug, environmentSubject } from '../spec/environment-names.ts';
import { ActivityError } from './activity-error.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { play, type Play } from './play.ts';
import { rolesOf } from './roles.ts';
import { environmentVariables, groupVariables } from './variables.ts';

const TIMEOUT_SECONDS = 3600;

/** Makes a group's servers ready for its environments. @throws {ActivityError} `secret-missing` and what concerns the run. */
export async function provisionGroup(settings: RunSettings, stage: GroupStage): Promise<RunOutcome> {
  return play(settings, { ...playOf(stage, 'provision.yml'), secretFiles: await certificatesOf(stage.environments) });
}

/** The inverse: every server is put back to how the operation found it; installed packages stay. */
export const restoreProvision = (settings: RunSettings, stage: GroupStage): Promise<RunOutcome> => play(settings, playOf(stage, 'provision-undo.yml'));

const playOf = (stage: GroupStage, playbook: string): Play => ({
  playbook,
  hosts: rolesOf(stage.group),
  servers: stage.servers,
  variables: {
    musher_group: groupVariables(stage.group, stage.servers),
    musher_environments: stage.environments.map(environmentVariables),
    musher_operation: stage.operationId,
    musher_epochs: stage.epochs ?? {},
  },
  stage,
  timeoutSeconds: TIMEOUT_SECONDS,
  // The storage goes by what all members tell in the same run: the addresses that it exports to, and that they have been put back.
  ...(stage.group.storage && { afterLoss: 'all-hosts' }),
});

/** Certificates with their keys, by the environment's slug. They are read here and leave the worker only to the balancers. */
async function certificatesOf(targets: readonly EnvironmentTarget[]): Promise<Record<string, string>> {
  const certificates: Record<string, string> = {};
  for (const { project, environment } of targets) {
    const file = environment.tls?.certificate.file;
    if (file === undefined) continue;
    certificates[environmentSlug(project.name, environment.name)] = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      const subject = environmentSubject(project.name, environment.name);
      throw new ActivityError('secret-missing', `The certificate of ${subject}, ${file}, cannot be read on the worker's machine (${error.code}).`);
    });
  }
  return certificates;
}
