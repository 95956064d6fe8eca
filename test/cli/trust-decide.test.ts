import { expect, test } from 'vitest';
import { decide, type TrustSettings } from '../../cli/trust/decide.ts';
import { fingerprintOf } from '../../client/trust/host-key.ts';
import type { LookedAt } from '../../client/trust/look-at-servers.ts';

const KEY = { type: 'ssh-ed25519', key: 'AAAAC3NzaC1lZDI1NTE5AAAAIFMNTJ0eWDhMyI00s18v7mZv4u8cZIKJV0/XZ9FdOvGN' };
const OLD = { type: 'ssh-ed25519', key: 'AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAWDhMyI00s18v7mZv4u8cZIKJV0/XZ9FdOvGN' };
const FINGERPRINT = fingerprintOf(KEY);

const looked = (standing: LookedAt['standing'], byPattern = false): LookedAt => ({
  server: { name: 'web1', address: '192.0.2.1', port: 22, user: 'deploy', become: true, python: '/usr/bin/python3' },
  name: '192.0.2.1',
  shown: standing === 'unreachable' ? [] : [KEY],
  recorded: standing === 'new' ? [] : [{ ...OLD, revoked: standing === 'revoked', byPattern, line: 7 }],
  standing,
  ...(standing === 'unreachable' && { problem: 'no route' }),
});

test.each<[string, LookedAt, TrustSettings, object]>([
  ['a new server is asked about', looked('new'), {}, { do: 'trust', ask: true, keys: [KEY] }],
  ['--yes asks nothing', looked('new'), { yes: true }, { do: 'trust', ask: false }],
  ['its fingerprint asks nothing', looked('new'), { fingerprint: FINGERPRINT }, { do: 'trust', ask: false }],
  ['another fingerprint is refused', looked('new'), { fingerprint: fingerprintOf(OLD) }, { do: 'refuse' }],
  ['another fingerprint is refused of a known server, too', looked('known'), { fingerprint: fingerprintOf(OLD) }, { do: 'refuse' }],
  ['a known server is left alone', looked('known'), { yes: true, replace: true }, { do: 'nothing' }],
  ['further keys are asked about', looked('more'), {}, { do: 'trust', ask: true }],
  ['a changed key is refused', looked('changed'), {}, { do: 'refuse' }],
  ['a changed key is refused with --yes', looked('changed'), { yes: true }, { do: 'refuse' }],
  ['a changed key is refused with its fingerprint', looked('changed'), { fingerprint: FINGERPRINT }, { do: 'refuse' }],
  ['--replace asks', looked('changed'), { replace: true }, { do: 'replace', ask: true }],
  ['--replace with its fingerprint does not', looked('changed'), { replace: true, fingerprint: FINGERPRINT }, { do: 'replace', ask: false }],
  ['a pattern is left to a person', looked('changed', true), { replace: true, yes: true }, { do: 'refuse', message: expect.stringContaining('Line 7') as string }],
  ['a revoked key is refused', looked('revoked'), { replace: true, yes: true, fingerprint: FINGERPRINT }, { do: 'refuse', message: expect.stringContaining('revoked') as string }],
  ['a server that does not answer is refused', looked('unreachable'), { yes: true }, { do: 'refuse', message: expect.stringContaining('no route') as string }],
])('%s', (_, found, settings, decision) => {
  expect(decide(found, settings)).toMatchObject(decision);
});
