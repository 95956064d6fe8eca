import { createHash } from 'node:crypto';
import { delimiter, dirname, join } from 'node:path';
import { runFolder } from './run-folder.ts';
import type { RunKey, RunRequest, RunSettings } from './run-request.ts';

/** Of the worker's own environment only this reaches Ansible: other variables may hold secrets or change what it does. */
const KEPT = /^(HOME|USER|LOGNAME|SHELL|TZ|TMPDIR|SSH_AUTH_SOCK|XDG_.*|(https?|no|all)_proxy|(HTTPS?|NO|ALL)_PROXY|SSL_CERT_(FILE|DIR))$/;

/** The environment of `ansible-playbook`: the project's configuration file, and here what no file may change. */
export function ansibleEnvironment(settings: RunSettings, { key, runsUsers }: Pick<RunRequest, 'key' | 'runsUsers'>): Record<string, string> {
  return {
    ...commonEnvironment(settings),
    ...(runsUsers && AS_BY_ITSELF),
    ANSIBLE_SSH_CONTROL_PATH_DIR: controlFolder(settings.sshControlFolder, key),
    // What Ansible keeps of a file's content on its way goes with the run's secrets, also when Ansible was killed.
    ANSIBLE_LOCAL_TEMP: join(runFolder(settings.runsFolder, key), 'private', 'tmp'),
  };
}

/** What our own playbooks turn off, and a user's may rely on. */
export const AS_BY_ITSELF: Record<string, string> = { ANSIBLE_GATHERING: 'implicit', ANSIBLE_INJECT_FACT_VARS: 'true' };

/** What is the same in every run of a worker. */
export function commonEnvironment(settings: RunSettings): Record<string, string> {
  const environment = process.env;
  return {
    ...Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => KEPT.test(entry[0]) && entry[1] !== undefined)),
    PATH: [dirname(settings.python), environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'].join(delimiter),
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    ANSIBLE_CONFIG: join(settings.playbooksFolder, 'ansible.cfg'),
    ANSIBLE_CALLBACK_PLUGINS: join(settings.playbooksFolder, 'plugins', 'callback'),
    ANSIBLE_CALLBACKS_ENABLED: 'musher',
    ANSIBLE_STDOUT_CALLBACK: 'default',
    ANSIBLE_NOCOLOR: 'true',
    ANSIBLE_FORKS: String(settings.forks),
    ANSIBLE_RETRY_FILES_ENABLED: 'false',
    ANSIBLE_INVENTORY_ENABLED: 'yaml',
    ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED: 'true',
    ANSIBLE_PIPELINING: 'true',
    ANSIBLE_HOST_KEY_CHECKING: 'true',
    ANSIBLE_SSH_ARGS: sshArguments(settings.knownHosts),
  };
}

/** Each operation keeps connections of its own, so that stopping one cuts off no other. */
export function controlFolder(sshControlFolder: string, { workflowId, runId }: RunKey): string {
  const folder = join(sshControlFolder, createHash('sha256').update(JSON.stringify([workflowId, runId])).digest('hex').slice(0, 10));
  // OpenSSH adds the socket's name (10 characters) and, while it makes it, a suffix (17).
  if (Buffer.byteLength(folder) + 28 > 107) throw new RangeError(`${sshControlFolder}: too long for the path of a socket; use a folder of at most 68 bytes`);
  return folder;
}

/** The first value of an SSH option wins, so nothing in an inventory undoes these. A dead host is noticed after 45 s. */
function sshArguments(knownHosts: string): string {
  const options = {
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: `"${knownHosts.replaceAll('%', '%%')}"`,
    GlobalKnownHostsFile: '/dev/null',
    UpdateHostKeys: 'no',
    BatchMode: 'yes',
    ControlMaster: 'auto',
    ControlPersist: '60s',
    ServerAliveInterval: '15',
    ServerAliveCountMax: '3',
  };
  return Object.entries(options).map(([name, value]) => `-o '${name}=${value.replaceAll("'", `'"'"'`)}'`).join(' ');
}
