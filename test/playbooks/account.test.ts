import { expect, test } from 'vitest';
import { runModule } from './run-module.ts';
import { FilesHost } from './shared-files.ts';

const check = (...accounts: { name: string; uid: number }[]): ReturnType<typeof runModule> =>
  runModule('musher_account', { accounts: accounts.map((account) => ({ ...account, home: '/nonexistent' })), _ansible_check_mode: true });

test('an account whose id belongs to another is refused, and all clashes are told at once', async () => {
  expect(await check({ name: 'shop--live', uid: 33 }, { name: 'daemon', uid: 20001 })).toMatchObject({
    failed: true,
    musher_failure: 'user-clash',
    msg: expect.stringMatching(/id 33, meant for shop--live, belongs to the user www-data here.*the user daemon has id 1 here, not 20001/) as string,
  });
});

test('an account whose group is another is refused', async () => {
  const host = await FilesHost.start();
  try {
    await host.sh('echo "odd:x:43210:100::/nonexistent:/bin/sh" >> /etc/passwd');
    const refused = await host.module('musher_account', { accounts: [{ name: 'odd', uid: 43210, home: '/nonexistent' }], _ansible_check_mode: true });
    expect(refused).toMatchObject({ musher_failure: 'user-clash', msg: expect.stringContaining('the user odd has the group 100 here, not one of its own with id 43210') as string });
  } finally {
    await host.stop();
  }
});

test('a new account is no clash', async () => {
  expect(await check({ name: 'musher-of-no-host', uid: 64_999 })).toMatchObject({ changed: true, made: ['musher-of-no-host'] });
});
