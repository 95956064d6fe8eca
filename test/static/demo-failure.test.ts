import { execa } from 'execa';
import { expect, test } from 'vitest';
import { CommandFailed, tellFailure } from '../../lab/demo/tell-failure.ts';

test('A demo that fails names the command and where more is said of it, and shows no stack trace', async () => {
  const told = tellFailure(new CommandFailed(['deploy', 'wiki/live'], 'ended with 1'));
  expect(told.split('\n')).toEqual([
    '"musher deploy wiki/live" ended with 1.',
    '  What Ansible said: MUSHER_HOME=build/demo/state bin/musher logs wiki/live -f build/demo/musher.yml',
    '  What the server and the worker said: MUSHER_HOME=build/demo/state bin/musher service logs',
  ]);
  expect(tellFailure(new CommandFailed(['check'], 'ended with 2'))).not.toContain('What Ansible said');
  const other = await execa('sh', ['-c', 'echo no such device >&2; exit 3']).catch((error: unknown) => error);
  expect(tellFailure(other)).toMatch(/^Command failed with exit code 3: .*\nno such device$/);
  expect(tellFailure(new Error('book1 did not keep a.png'))).toBe('book1 did not keep a.png');
});
