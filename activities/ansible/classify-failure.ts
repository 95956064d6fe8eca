import { isFailureType, type FailureType } from '../../contract/failures.ts';

/** What the callback tells of a task that failed on a host. */
export interface FailedResult {
  status: 'failed' | 'unreachable';
  message: string;
  rc?: number | undefined;
  /** The module ended without an answer. */
  crashed?: boolean | undefined;
  /** The class that a module of ours gave itself. */
  failure?: string | undefined;
}

/** Texts of OpenSSH, sudo, the gate and Ansible (ansible-core 2.19), most telling first. */
const ANYWHERE: [RegExp, FailureType][] = [
  [/musher: fenced:/, 'fenced'],
  [/\/musher\/gate: (command )?not found|\/musher\/gate: No such file|musher: not-provisioned:/, 'not-provisioned'],
  // What an older step runs there cannot be stopped, so nobody may work there: as good as not there.
  [/musher: gate: cannot stop/, 'host-unreachable'],
  // The last is Python's, which tries whether it can write into one.
  [/No space left on device|Disk quota exceeded|No usable temporary directory found/, 'disk-full'],
  [/Missing (sudo|become|su) password|Incorrect (sudo|become|su) password|sudo: a password is required|is not in the sudoers file|may not run sudo|not allowed to (execute|run sudo)|sudo: (command )?not found|sudo: a terminal is required/i, 'become-failed'],
  // sudo is never let ask (`-n`), so nothing came back at all: over a kept connection that is how a host looks whose power was cut.
  [/waiting for privilege escalation prompt/i, 'host-unreachable'],
];
const UNREACHABLE: [RegExp, FailureType][] = [
  [/Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|No \S+ host key is known|host key .* has changed/i, 'host-key-mismatch'],
  [/Permission denied( \(|,)|Too many authentication failures|Invalid\/incorrect password|no more authentication methods/i, 'authentication-failed'],
  // Ansible calls this host unreachable, but it answered: asking again does not help.
  [/Failed to create temporary directory.*exited with result (?!255)\d+/s, 'task-failed'],
];

/** Finds the class of a host's failure in the ledger. What nothing else explains is `host-unreachable` or `task-failed`. */
export function classifyFailure(result: FailedResult): FailureType {
  if (result.failure !== undefined && isFailureType(result.failure)) return result.failure;
  if (result.crashed && result.rc === 75) return 'fenced';
  const patterns = result.status === 'unreachable' ? [...ANYWHERE, ...UNREACHABLE] : ANYWHERE;
  const known = patterns.find(([pattern]) => pattern.test(result.message))?.[1];
  return known ?? (result.status === 'unreachable' ? 'host-unreachable' : 'task-failed');
}
