import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { ActivitySettings } from '../activities/index.ts';
import { PACKAGE, version } from '../client/local/installation.ts';
import { pythonCommand } from '../client/local/python-environment.ts';
import { sshControlPath } from '../client/local/ssh-control-folder.ts';
import { openStateFolder } from '../client/local/state-folder.ts';
import { knownHostsOf } from '../client/trust/known-hosts-file.ts';
import { workerId } from './worker-id.ts';

/** Hosts that Ansible serves at once in one run. */
const FORKS = 25;

/** What this worker works with: its state folder, the project's own Python, the playbooks. */
export function activitySettings(environment: NodeJS.ProcessEnv = process.env): ActivitySettings {
  const folder = openStateFolder();
  const { MUSHER_INPUT_KEY: keyFile, MUSHER_KNOWN_HOSTS: knownHosts, MUSHER_ARTIFACTS: artifacts } = environment;
  return {
    run: {
      runsFolder: folder.runs,
      python: pythonCommand(folder.path, environment),
      playbooksFolder: join(PACKAGE, 'playbooks'),
      modulesFolder: folder.modules,
      // Asked for by each run: `musher trust` may make a list while the worker runs.
      get knownHosts() {
        return knownHosts ?? knownHostsOf(folder.path);
      },
      sshControlFolder: sshControlFolder(folder.path, environment),
      forks: FORKS,
      workerId: workerId(folder.path),
    },
    // Several workers may share a store.
    artifacts: artifacts || join(folder.path, 'artifacts'),
    usedInputs: folder.usedInputs,
    reports: folder.reports,
    version: version(),
    ...(keyFile && { inputKey: readFileSync(keyFile) }),
  };
}

/** The folder of ssh's sockets, made where it is missing. @throws {Error} others may enter it. */
function sshControlFolder(home: string, environment: NodeJS.ProcessEnv): string {
  const folder = sshControlPath(home, environment);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = statSync(folder);
  if (found.uid !== userInfo().uid || found.mode & 0o077) throw new Error(`${folder} is not private to this user. Remove it; a new one is made.`);
  return folder;
}
