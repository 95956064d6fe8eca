import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunOutcome } from '../../contract/run.ts';
import type { OutcomeReader } from './outcome.ts';
import type { RunExit } from './run-folder.ts';
import { RunFailure, RunLostForGood } from './run-failure.ts';
import type { RunRequest } from './run-request.ts';

/** Exit codes of ansible-playbook: 1 and 4 an error before or between plays, 5 a bad option. Ours: 74, no event could be written. */
const INVALID = [1, 4, 5];
const UNRECORDED = 74;
const TAIL_BYTES = 64 << 10;
const MESSAGE_CAP = 2_000;

/** The outcome of a run that ended, or the failure of the whole run, thrown as `RunFailure`. */
export async function judgeEnd(folder: string, request: RunRequest, exit: RunExit, reader: OutcomeReader): Promise<RunOutcome> {
  const { playbook, timeoutSeconds } = request;
  const where = reader.progress.task ? ` at the task "${reader.progress.task}"` : '';
  if (exit.reason === 'stopped') throw new RunFailure('cancelled', `The run of ${playbook} was stopped${where}.`);
  if (exit.reason === 'timed-out') throw new RunFailure('timed-out', `The run of ${playbook} took longer than ${timeoutSeconds} s${where}.`);
  const outcome = reader.outcome(exit.seconds);
  const hasFailed = Object.values(outcome.hosts).some(({ status }) => status === 'failed');
  if (reader.complete && (exit.code === 0 || hasFailed)) {
    // Ours come to every host that they are given: silence must not pass for success. A user's playbook need not.
    const silent = hasFailed || request.runsUsers ? [] : Object.keys(outcome.hosts).filter((host) => outcome.hosts[host]!.status === 'not-reached');
    if (silent.length > 0) throw new RunLostForGood(`Ansible ended ${playbook} well, and tells nothing of ${silent.join(', ')}.`);
    return outcome;
  }

  const said = await lastWords(join(folder, 'ansible.log'));
  if (exit.diskFull || exit.code === UNRECORDED) throw new RunFailure('disk-full', `The worker could not record the run of ${playbook} in ${folder}. ${said}`);
  if (INVALID.includes(exit.code ?? -1)) throw new RunFailure('playbook-invalid', `Ansible refused ${playbook}: ${said}`);
  if (said.includes('No space left on device')) throw new RunFailure('disk-full', `The worker's disk is full: ${said}`);
  throw new RunLostForGood(`Ansible ended without a result (exit code ${exit.code}) in ${playbook}${where}: ${said}`);
}

/** Ansible's errors in the last part of the log, or its last lines. */
async function lastWords(log: string): Promise<string> {
  const file = await open(log).catch(() => undefined);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, TAIL_BYTES)), 0, null, Math.max(0, size - TAIL_BYTES));
    const text = buffer.subarray(0, bytesRead).toString('utf8').trim();
    const error = text.lastIndexOf('[ERROR]');
    return error < 0 ? text.slice(-MESSAGE_CAP) : text.slice(error, error + MESSAGE_CAP);
  } finally {
    await file.close();
  }
}
