import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkPlaybooks } from '../../activities/check-playbooks.ts';
import { targetOf } from '../../plan/target.ts';
import { shopSpec } from '../workflows/shop-spec.ts';
import { Workspace } from './ansible/workspace.ts';

let space: Workspace;
beforeAll(async () => void (space = await Workspace.make()));
afterAll(() => space.remove());

const PLAY = '- hosts: once:members\n  vars_files: []\n  tasks:\n    - ansible.builtin.ping:\n';

/** The failure of a playbook with this text. */
async function checked(text: string | undefined, name: string): Promise<unknown> {
  mkdirSync(join(space.folder, 'my hooks'), { recursive: true });
  const playbook = join(space.folder, 'my hooks', name);
  if (text !== undefined) writeFileSync(playbook, text);
  const target = targetOf(shopSpec(), 'shop', 'live');
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const work = () => checkPlaybooks(space.settings, target, ['a command', { playbook }]).catch((error: unknown) => error);
  return environment.run<[], unknown, typeof work>(work);
}

test('A playbook that Ansible takes, and which it is', async () => {
  const path = join(space.folder, 'my hooks', 'right.yml');
  expect(await checked(PLAY, 'right.yml')).toEqual({ [path]: `sha256:${createHash('sha256').update(PLAY).digest('hex')}` });
});

test.each([
  ['that is not there', undefined, 'none.yml', "none.yml cannot be a hook. It cannot be read on the worker's machine (ENOENT)."],
  ['that is no YAML', '- hosts: [', 'torn.yml', 'torn.yml cannot be a hook. Ansible does not take it: [ERROR]'],
  ['that asks for a role that is not there', '- hosts: members\n  roles: [nobody-knows-it]\n', 'role.yml', 'nobody-knows-it'],
])('One %s is refused with what is wrong', async (_, text, name, message) => {
  expect(await checked(text, name)).toMatchObject({ type: 'playbook-invalid', message: expect.stringContaining(message) as string });
});
