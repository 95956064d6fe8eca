import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import type { EnvironmentTarget } from '../contract/plan.ts';
import { hashOf } from '../spec/hash.ts';
import type { Hook } from '../spec/spec.ts';
import { ActivityError } from './activity-error.ts';
import { AS_BY_ITSELF, commonEnvironment } from './ansible/ansible-environment.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { currentActivity, heartbeating } from './current-activity.ts';
import { renderInventory } from './inventory/render-inventory.ts';
import { renderVariables } from './inventory/render-variables.ts';
import { rolesOf } from './roles.ts';
import { environmentVariables, userVariables } from './variables.ts';

const MESSAGE_CAP = 2_000;

/**
 * Has Ansible read the playbooks that are among hooks, before anything is done that they are hooks of. What is in a playbook may be
 * changed until it is run.
 *
 * @returns the checksum of each file (`sha256:…`), by its path; nothing of what it includes.
 * @throws {ActivityError} `playbook-invalid`
 */
export async function checkPlaybooks(settings: RunSettings, target: EnvironmentTarget, hooks: readonly Hook[]): Promise<Record<string, string>> {
  const playbooks = new Set(hooks.flatMap((hook) => (typeof hook === 'string' ? [] : hook.playbook)));
  const checksums: Record<string, string> = {};
  if (playbooks.size === 0) return checksums;
  await heartbeating(
    () => ({ task: 'check the playbooks', done: [], failed: [] }),
    async () => {
      for (const playbook of playbooks) {
        await check(settings, target, playbook);
        checksums[playbook] = hashOf(await readFile(playbook, 'utf8'));
      }
    },
  );
  return checksums;
}

async function check(settings: RunSettings, target: EnvironmentTarget, playbook: string): Promise<void> {
  const found = await stat(playbook).catch((error: NodeJS.ErrnoException) => error.code ?? 'unknown');
  if (typeof found === 'string') throw invalid(playbook, `It cannot be read on the worker's machine (${found}).`);
  if (!found.isFile()) throw invalid(playbook, 'It is not a file.');
  const said = await complaint(settings, target, playbook);
  if (said !== undefined) throw invalid(playbook, `Ansible does not take it: ${said}`);
}

const invalid = (playbook: string, why: string) => new ActivityError('playbook-invalid', `The playbook ${playbook} cannot be a hook. ${why}`);

/** What Ansible says against it, or undefined. */
async function complaint(settings: RunSettings, target: EnvironmentTarget, playbook: string): Promise<string | undefined> {
  const { signal } = currentActivity();
  const folder = await mkdtemp(join(tmpdir(), 'musher-check-'));
  try {
    const [inventory, variables] = [join(folder, 'inventory.yml'), join(folder, 'variables.yml')];
    await writeFile(inventory, inventoryOf(target));
    await writeFile(variables, renderVariables({ musher_environment: environmentVariables(target), ...userVariables(target, 'RELEASE') }));
    const { exitCode, all } = await execa(
      join(dirname(settings.python), 'ansible-playbook'),
      ['--syntax-check', '--inventory', inventory, '--extra-vars', `@${variables}`, playbook],
      {
        cwd: settings.playbooksFolder, stdin: 'ignore', all: true, reject: false, cancelSignal: signal, extendEnv: false,
        env: { ...commonEnvironment(settings), ...AS_BY_ITSELF, ANSIBLE_LOCAL_TEMP: join(folder, 'tmp') },
      },
    );
    signal.throwIfAborted();
    return exitCode === 0 ? undefined : errorIn(all);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function inventoryOf(target: EnvironmentTarget): string {
  const groups = Object.entries({ once: target.group.members.slice(0, 1), ...rolesOf(target.group) });
  const hosts = Object.values(target.servers).map((server) => ({ server, groups: groups.flatMap(([name, names]) => (names.includes(server.name) ? name : [])) }));
  return renderInventory({ hosts, groups: groups.map(([name]) => name) });
}

function errorIn(said: string): string {
  const start = Math.max(0, said.lastIndexOf('[ERROR]'));
  return said.slice(start, start + MESSAGE_CAP).trim();
}
