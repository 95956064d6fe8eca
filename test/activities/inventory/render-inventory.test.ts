import { execa } from 'execa';
import fc from 'fast-check';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Json } from '../../../activities/inventory/json.ts';
import type { InventoryHost } from '../../../activities/inventory/render-inventory.ts';
import { renderInventory } from '../../../activities/inventory/render-inventory.ts';
import { renderVariables } from '../../../activities/inventory/render-variables.ts';
import type { Server } from '../../../spec/spec.ts';
import { anyJson, anyLabel, anyText, unwrap } from './any-values.ts';

const server: Server = { name: 'web1', address: '192.0.2.1', port: 22, user: 'deploy', become: true, python: '/usr/bin/python3' };
const HOSTS = 200;
const configuration = path.join(import.meta.dirname, '../../../playbooks/ansible.cfg');

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'musher-inventory-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
};

/** Runs one of Ansible's programs; throws where it fails or warns. */
async function ansible(program: string, ...words: string[]): Promise<string> {
  const { stdout, stderr } = await execa(program, words, {
    cwd: folder,
    env: { ANSIBLE_CONFIG: configuration, ANSIBLE_LOCAL_TEMP: path.join(folder, 'local'), ANSIBLE_REMOTE_TEMP: path.join(folder, 'remote') },
  });
  expect(stderr).toBe('');
  return stdout;
}

interface Listed extends Record<'members' | 'balancers' | 'ungrouped', { hosts: string[] }> {
  _meta: { hostvars: Json };
}

async function list(inventory: string): Promise<Listed> {
  return JSON.parse(await ansible('ansible-inventory', '-i', write('inventory.yml', inventory), '--list', '--export')) as Listed;
}

async function hostVariables(inventory: string): Promise<Record<string, Record<string, Json>>> {
  return unwrap((await list(inventory))._meta.hostvars) as Record<string, Record<string, Json>>;
}

/** The whole counterexample would be two hundred hosts. */
function firstDifference<Values>(details: fc.RunDetails<Values>): void {
  if (details.failed) throw new Error(`With seed ${details.seed}: ${String(details.errorInstance)}`);
}

const anyServer = fc.record({
  name: anyLabel,
  address: anyText,
  port: fc.integer({ min: 1, max: 65_535 }),
  user: anyText,
  become: fc.boolean(),
  python: anyText,
  key: anyText,
});

const anyVariables: fc.Arbitrary<Record<string, Json>> = fc.record({ text: anyText, value: anyJson, ['constructor']: anyText });

const anyHosts: fc.Arbitrary<InventoryHost[]> = fc.uniqueArray(
  fc.record({ server: anyServer, groups: fc.subarray(['members', 'balancers']), variables: anyVariables }),
  { minLength: HOSTS, maxLength: HOSTS, selector: (host) => host.server.name },
);

test('Ansible reads from any text in any field exactly that text', async () => {
  await fc.assert(
    fc.asyncProperty(anyHosts, async (hosts) => {
      const read = await hostVariables(renderInventory({ hosts }));
      expect(Object.keys(read).sort()).toEqual(hosts.map((host) => host.server.name).sort());
      for (const { server: given, variables } of hosts) {
        expect(read[given.name]).toEqual({
          ...variables,
          ansible_become_method: 'fenced',
          musher_sudo: given.become,
          musher_gated: false,
          musher_rsync_path: given.become ? 'sudo -n -H rsync' : 'rsync',
          ansible_host: given.address,
          ansible_port: given.port,
          ansible_user: given.user,
          ansible_become: true,
          ansible_python_interpreter: given.python,
          ansible_ssh_private_key_file: given.key,
        });
      }
    }),
    { numRuns: 4, endOnFailure: true, reporter: firstDifference },
  );
});

test('each group has its hosts, and an inventory may have none of either', async () => {
  const hosts = [
    { server, groups: ['members', 'balancers'] },
    { server: { ...server, name: '2' }, groups: ['members'] },
    { server: { ...server, name: 'null' }, groups: [] },
  ];
  const { members, balancers, ungrouped } = await list(renderInventory({ hosts }));
  expect([members.hosts, balancers.hosts, ungrouped.hosts]).toEqual([['web1', '2'], ['web1'], ['null']]);
  expect(Object.keys(await hostVariables(renderInventory({ hosts: [{ server, groups: [] }] })))).toEqual(['web1']);
});

test('without a token a server is entered past the gate, by sudo or as it is by root', async () => {
  const root = { ...server, name: 'web2', user: 'root', become: false };
  const { web1, web2 } = await hostVariables(renderInventory({ hosts: [server, root].map((one) => ({ server: one, groups: [] })) }));
  const ungated = { ansible_become: true, ansible_become_method: 'fenced', musher_gated: false };
  expect(web1).toMatchObject({ ...ungated, musher_sudo: true, musher_rsync_path: 'sudo -n -H rsync' });
  expect(web2).toMatchObject({ ...ungated, musher_sudo: false, musher_rsync_path: 'rsync' });
  expect(Object.keys(web1!).concat(Object.keys(web2!))).not.toContain('ansible_ssh_private_key_file');
});

test('with a token everything passes the gate, also as root', async () => {
  const root = { ...server, name: 'web2', user: 'root', become: false };
  const token = { scope: 'shop/live', epoch: 3, step: 2, attempt: 1 };
  const { web1, web2 } = await hostVariables(renderInventory({ hosts: [server, root].map((one) => ({ server: one, groups: [] })), token }));
  const gated = { ansible_become: true, ansible_become_method: 'fenced', musher_scope: 'shop/live', musher_token: '3.2.1' };
  expect(web1).toMatchObject({ ...gated, musher_sudo: true, musher_rsync_path: 'sudo -n -H /usr/local/lib/musher/gate shop/live 3.2.1 rsync' });
  expect(web2).toMatchObject({ ...gated, musher_sudo: false, musher_rsync_path: '/usr/local/lib/musher/gate shop/live 3.2.1 rsync' });
});

test('a variable of a host never says how the host is reached', async () => {
  const { web1 } = await hostVariables(renderInventory({ hosts: [{ server, groups: [], variables: { ansible_host: 'elsewhere' } }] }));
  expect(web1).toMatchObject({ ansible_host: '192.0.2.1' });
});

test.each([
  ['a server that Ansible takes for several', () => renderInventory({ hosts: [{ server: { ...server, name: 'web[1:3]' }, groups: [] }] }), '"web[1:3]" is no name for a server'],
  ['a group', () => renderInventory({ hosts: [{ server, groups: ['eu-pack'] }] }), '"eu-pack" is no name for an Ansible group'],
  ['a scope with a command in it', () => renderInventory({ hosts: [], token: { scope: 'a;id', epoch: 1, step: 1, attempt: 1 } }), undefined],
  ['a scope with a command in it, for a host', () => renderInventory({ hosts: [{ server, groups: [] }], token: { scope: 'a;id', epoch: 1, step: 1, attempt: 1 } }), '"a;id" is no scope for a gate'],
  ['a variable with a colon', () => renderVariables({ 'a: b': 1 }), '"a: b" is no name for an Ansible variable'],
  ['a variable that YAML takes for a boolean', () => renderVariables({ yes: 1 }), '"yes" is no name for an Ansible variable'],
  ['half a character', () => renderVariables({ a: ['\ud800'] }), 'A text with half a character (a lone surrogate) is no value for Ansible: "\\ud800"'],
  ['half a character in a key', () => renderVariables({ a: { '\udc00x': 1 } }), 'A text with half a character (a lone surrogate) is no value for Ansible: "\\udc00x"'],
  ['a NUL', () => renderVariables({ a: 'x\0' }), 'A text with a NUL is no value for Ansible: "x\\u0000"'],
  ['no number', () => renderVariables({ a: Number.NaN }), 'NaN is no value for Ansible'],
  ['nothing at all', () => renderVariables({ a: undefined as never }), 'A undefined is no value for Ansible'],
])('refuses %s', (_, render, message) => {
  if (message === undefined) expect(render()).not.toContain('a;id');
  else expect(render).toThrow(new TypeError(message));
});

test('a run hands every text on as it was given, and evaluates nothing on the controller or the host', async () => {
  const marker = path.join(folder, 'pwned');
  const attacks = [
    `{{ lookup('pipe', 'touch ${marker}') }}`,
    `{% for x in [1] %}{{ lookup('pipe', 'touch ${marker}') }}{% endfor %}`,
    `#jinja2: variable_start_string:'[[', variable_end_string:']]'\n[[ lookup('pipe', 'touch ${marker}') ]]`,
    `$(touch ${marker})`,
    `\`touch ${marker}\``,
    `'; touch ${marker}; '`,
    `"\n      ansible_connection: ssh\n`,
    '!vault |',
    '123',
    'no',
  ];
  const nested = { ...Object.fromEntries(attacks.map((text) => [text, [text, { [text]: text }]])), __ansible_unsafe: 'x', __ansible_vault: 'y' };
  const samples = fc.sample(anyJson, { numRuns: 100, seed: 20 });
  const given = { attacks, nested, samples };
  const hosts = ['web1', 'web2'].map((name) => ({
    server: { ...server, name, address: attacks[0]!, user: attacks[1]!, become: false },
    groups: ['members'],
    variables: { ansible_connection: 'local', host: given },
  }));
  write('play.yml', `
- hosts: members
  gather_facts: false
  tasks:
    - ansible.builtin.debug: { msg: "{{ [host, extra] }}" }
    - ansible.builtin.set_fact: { "again": "{{ [host, extra] }}" }
    - receive: { value: "{{ [host, extra, again] }}", to: "${folder}/received-{{ inventory_hostname }}" }
`);
  const library = mkdtempSync(path.join(folder, 'library-'));
  writeFileSync(
    path.join(library, 'receive.py'),
    `
import json
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule(argument_spec={'value': {'type': 'raw'}, 'to': {'type': 'path'}})
with open(module.params['to'], 'w') as file:
    json.dump(module.params['value'], file)
module.exit_json(received=module.params['value'])
`,
  );
  await ansible('ansible-playbook', '-M', library, '-i', write('run.yml', renderInventory({ hosts })), '-e', `@${write('extra.yml', renderVariables({ extra: given }))}`, path.join(folder, 'play.yml'));

  for (const name of ['web1', 'web2']) {
    expect(JSON.parse(readFileSync(path.join(folder, `received-${name}`), 'utf8'))).toEqual([given, given, [given, given]]);
  }
  expect(readdirSync(folder)).not.toContain('pwned');
});
