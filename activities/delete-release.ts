import type { RunOutcome } from '../contract/run.ts';
import type { EnvironmentStage } from '../contract/stage.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { playForEnvironment } from './play-for-environment.ts';
import { rolesOf } from './roles.ts';

const TIMEOUT_SECONDS = 600;

export interface Deletion {
  stage: EnvironmentStage;
  hosts: string[];
  release: string;
  /** `see`: members only forget that they have seen it, also the one that is the storage itself. */
  of: 'upload' | 'see';
}

/** The inverse of an upload, or of seeing one: a release, whole or half, that none of these hosts serves is deleted there. */
export const deleteRelease = (settings: RunSettings, { stage, hosts, release, of }: Deletion): Promise<RunOutcome> =>
  playForEnvironment(settings, stage, {
    playbook: 'deploy-delete.yml',
    hosts: of === 'see' ? { members: hosts } : rolesOf(stage.target.group, hosts),
    variables: { musher_release: { id: release } },
    timeoutSeconds: TIMEOUT_SECONDS,
  });
