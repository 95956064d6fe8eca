import { expect, test } from 'vitest';
import { renderInstalled } from '../../cli/views/render-installed.ts';

const INSTALLED = {
  systemd: { scope: 'user' as const, server: 'musher-server', worker: 'musher-worker' },
  keys: [
    { path: '/home/a/.ssh/id_ed25519', opens: true },
    { path: '/home/a/.ssh/id_rsa', opens: false },
  ],
  environmentFile: '/home/a/.local/state/musher/worker.env',
};

test('What goes into the worker\'s variables is what builds and git need: no key of a spec names one', () => {
  const text = renderInstalled(INSTALLED);
  expect(text).not.toContain('env:');
  expect(text).toContain('Variables that "build" and git need, such as credentials, go into /home/a/.local/state/musher/worker.env, one NAME=value a line; then "musher service stop" and "musher service start".');
});

test('Keys are told apart by whether they open by themselves', () => {
  const text = renderInstalled(INSTALLED);
  expect(text).toContain('else with:\n  /home/a/.ssh/id_ed25519\nNot used, for nobody can type the passphrase: /home/a/.ssh/id_rsa.');
  expect(renderInstalled({ ...INSTALLED, keys: [] })).toContain('no key: there is none here that opens without a passphrase.');
});
