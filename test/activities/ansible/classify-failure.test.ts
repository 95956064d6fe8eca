import { expect, test } from 'vitest';
import { classifyFailure } from '../../../activities/ansible/classify-failure.ts';

const crashed = 'Module result deserialization failed: No start of json char found';

/** Texts as ansible-core 2.19 reported them from real hosts. */
test.each([
  ['host-unreachable', 'unreachable', 'Task failed: Failed to connect to the host via ssh: ssh: connect to host 192.0.2.1 port 22: Connection refused'],
  ['host-unreachable', 'unreachable', 'Task failed: Data could not be sent to remote host "192.0.2.9". Make sure this host can be reached over ssh: ssh: connect to host 192.0.2.9 port 22: No route to host'],
  ['host-unreachable', 'unreachable', 'Task failed: Failed to connect to the host via ssh: ssh: Could not resolve hostname no-such.invalid: Name or service not known'],
  ['host-unreachable', 'unreachable', 'Task failed: Failed to connect to the host via ssh: Shared connection to 192.0.2.1 closed.'],
  ['host-key-mismatch', 'unreachable', 'Task failed: Data could not be sent to remote host "192.0.2.1". Make sure this host can be reached over ssh: @@@\r\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n@@@\r\nHost key verification failed.'],
  ['host-key-mismatch', 'unreachable', 'Task failed: Failed to connect to the host via ssh: No ED25519 host key is known for 192.0.2.1 and you have requested strict checking.\r\nHost key verification failed.'],
  ['authentication-failed', 'unreachable', 'Task failed: Failed to connect to the host via ssh: deploy@192.0.2.1: Permission denied (publickey).'],
  ['task-failed', 'unreachable', 'Task failed: Failed to create temporary directory. In some cases, … Failed command was: ( umask 77 && mkdir … ), exited with result 1'],
  ['disk-full', 'failed', "Task failed: failed to transfer file to /tmp/.source:\n\ndd: error writing '/mnt/full/.source': No space left on device"],
  ['disk-full', 'failed', "Task failed: Failed to get information on remote file (/usr/local/lib/musher/gate): Traceback …\nFileNotFoundError: [Errno 2] No usable temporary directory found in ['/tmp', '/var/tmp', '/usr/tmp', '/home/deploy']"],
  ['become-failed', 'failed', 'Task failed: Missing sudo password'],
  ['become-failed', 'failed', `${crashed}\nsudo: a password is required`],
  ['host-unreachable', 'failed', 'Task failed: Timeout (12s) waiting for privilege escalation prompt: '],
  ['not-provisioned', 'failed', `${crashed}\nsudo: /usr/local/lib/musher/gate: command not found`],
  ['fenced', 'failed', `${crashed}\nmusher: fenced: shop/live admits 2.1.1`],
  ['task-failed', 'failed', "The module interpreter '/usr/bin/python9' was not found.\n/bin/sh: 1: /usr/bin/python9: not found"],
  ['task-failed', 'failed', 'cp: cannot open /root/x: Permission denied (that is no matter of SSH)'],
] as const)('%s (%s): %s', (failure, status, message) => expect(classifyFailure({ status, message })).toBe(failure));

test('a module of ours says its class itself, if the ledger has it', () => {
  expect(classifyFailure({ status: 'failed', message: 'No space left on device', failure: 'hook-failed' })).toBe('hook-failed');
  expect(classifyFailure({ status: 'failed', message: '', failure: 'toString' })).toBe('task-failed');
});

test('exit code 75 of a module that gave no answer is the gate; of a command it is not', () => {
  expect(classifyFailure({ status: 'failed', message: '', rc: 75, crashed: true })).toBe('fenced');
  expect(classifyFailure({ status: 'failed', message: '', rc: 75 })).toBe('task-failed');
});
