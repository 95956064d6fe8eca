import { expect, test } from 'vitest';
import { unitText } from '../../../client/local/units/unit-text.ts';
import type { Units } from '../../../client/local/units/units.ts';

const units: Units = { scope: 'user', folder: '/home/me/.config/systemd/user', server: 'musher-server.service', worker: 'musher-worker.service' };
const text = (which: 'server' | 'worker', home = '/home/me/state', scope = units.scope) => unitText(which, { ...units, scope }, home, ['/opt/node', '/opt/become.js', which]);

test('The worker waits for the server, and what it started outlives it', () => {
  expect(text('worker')).toMatch(/^After=musher-server\.service$/m);
  expect(text('worker')).toMatch(/^KillMode=process$/m);
  expect(text('server')).not.toMatch(/KillMode/);
});

test('A unit of a user starts with the user\'s manager, one of root with the machine', () => {
  expect(text('worker')).toContain('WantedBy=default.target');
  expect(text('worker', '/root/state', 'system')).toContain('WantedBy=multi-user.target');
});

test('Nothing in a path is a variable, a specifier or the end of a word', () => {
  const written = text('server', '/srv/50% "of" $HOME\\');
  expect(written).toContain(String.raw`"MUSHER_HOME=/srv/50%% \"of\" $HOME\\"`);
  expect(written).toContain(String.raw`StandardOutput=append:/srv/50%% "of" $HOME\/server.log`);
  expect(written).toContain('ExecStart="/opt/node" "/opt/become.js" "server"\n');
});

test('A path with a line end is refused', () => {
  expect(() => text('server', '/srv/a\nExecStart=/bin/false')).toThrow('no unit of systemd can name');
});
