import { join } from 'node:path';
import { execa } from 'execa';
import type { PrivateHost } from './private-host.ts';

const ROOT = join(import.meta.dirname, '../..');
const PLUGINS = join(ROOT, 'playbooks/plugins');

// Ansible's own loader of arguments, without a host between: the module runs as the real Python program that it is.
const LOADER = `
import json, runpy, sys
import ansible.module_utils
from ansible.module_utils.testing import patch_module_args
ansible.module_utils.__path__.append(sys.argv[1])
with patch_module_args(json.load(sys.stdin)):
    runpy.run_path(sys.argv[2], run_name='__main__')
`;

export interface ModuleResult {
  changed?: boolean;
  failed?: boolean;
  msg?: string;
  musher_failure?: string;
  [key: string]: unknown;
}

/** Runs a module of ours as a process of its own, on `host` where one is given, with its arguments, and gives what it returned. */
export async function runModule(name: string, args: object, environment: Record<string, string> = {}, host?: PrivateHost): Promise<ModuleResult> {
  const command = [join(ROOT, '.venv/bin/python'), '-c', LOADER, join(PLUGINS, 'module_utils'), join(PLUGINS, 'modules', `${name}.py`)];
  const options = { input: JSON.stringify(args), env: { PYTHONDONTWRITEBYTECODE: '1', ...environment } };
  const run = host ? await host.run(command, options) : await execa(command[0]!, command.slice(1), { ...options, reject: false });
  const line = run.stdout.split('\n').findLast((text) => text.startsWith('{'));
  if (!line) throw new Error(`${name} returned nothing: ${run.stderr}`);
  return JSON.parse(line) as ModuleResult;
}
