import type { RunOutcome } from '../contract/run.ts';
import type { Stage } from '../contract/stage.ts';
import type { Server } from '../spec/spec.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { play } from './play.ts';

const TIMEOUT_SECONDS = 120;

export interface Seal {
  stage: Stage;
  hosts: string[];
  servers: Record<string, Server>;
}

/** Has hosts refuse every older step of the scope, and stops what still runs there of one. */
export const sealHosts = (settings: RunSettings, { stage, hosts, servers }: Seal): Promise<RunOutcome> =>
  play(settings, { playbook: 'seal.yml', hosts: { members: hosts }, servers, variables: {}, stage, timeoutSeconds: TIMEOUT_SECONDS });
