import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { isUnreachable, lacksSearchAttributes, reportedError } from '../../cli/report-error.ts';
import { FAILURES } from '../../contract/failures.ts';

const grpcError = (code: number) => Object.assign(new Error('14 UNAVAILABLE'), { code, details: 'No connection established', metadata: {} });

describe('reportedError', () => {
  test('a failure of the ledger comes with its type and remedy', () => {
    const error = new WorkflowFailedError('Workflow execution failed', ApplicationFailure.create({ type: 'no-release', message: 'web1 keeps one release only.' }), 'NON_RETRYABLE_FAILURE');
    expect(reportedError(error)).toEqual({ exitCode: 1, type: 'no-release', message: `web1 keeps one release only.\nWhat to do: ${FAILURES['no-release'].remedy}` });
  });

  test('a server that does not answer is exit code 3', () => {
    const { exitCode, message } = reportedError(new Error('Failed to start', { cause: grpcError(14) }));
    expect(exitCode).toBe(3);
    expect(message).toContain('No connection established');
  });

  test('an answer that says no is not taken for one that did not come', () => {
    expect(isUnreachable(Object.assign(new Error('5 NOT_FOUND'), { code: 5, metadata: {} }))).toBe(false);
    expect(isUnreachable(new Error('broken'))).toBe(false);
  });

  test('what nobody foresaw is a bug, in a sentence', () => {
    expect(reportedError(new TypeError('x is not a function', { cause: new Error('token=abc123') }))).toEqual({ exitCode: 70, message: 'A bug in Musher: x is not a function: token=[removed]' });
    expect(reportedError('thrown text').message).toContain('thrown text');
    expect(reportedError(undefined).exitCode).toBe(70);
  });

  test('what the machine, Temporal or a worker refuses is no bug, and says what to do', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
    expect(reportedError(full)).toMatchObject({ exitCode: 1, message: expect.stringMatching(/^This machine refused it: ENOSPC.*make room/) as string });
    expect(reportedError(grpcError(5))).toMatchObject({ exitCode: 1, message: expect.stringMatching(/^Temporal refused it: No connection.*TEMPORAL_NAMESPACE/) as string });
    const unknown = new WorkflowFailedError('Workflow execution failed', ApplicationFailure.create({ type: 'TypeError', message: 'x is undefined' }), 'NON_RETRYABLE_FAILURE');
    expect(reportedError(unknown)).toMatchObject({ exitCode: 1, message: expect.stringMatching(/x is undefined.*musher service logs/) as string });
  });

  test('text of others cannot steer the terminal', () => {
    expect(reportedError(new Error('\u001b]0;owned\u0007\u001b[2Jbad\u0008')).message.split('\n')[0]).not.toMatch(/\p{Cc}/u);
  });
});

test.each([
  ['Namespace default has no mapping defined for search attribute MusherGroup', true],
  ['invalid query: invalid search attribute: MusherSubject', true],
  ['invalid query: invalid search attribute: Another', false],
  ['Workflow id length exceeds limit', false],
])('lacksSearchAttributes: "%s" is %s', (details, lacks) => {
  expect(lacksSearchAttributes(new Error('Failed to start Workflow', { cause: Object.assign(new Error(`3 INVALID_ARGUMENT: ${details}`), { code: 3, details, metadata: {} }) }))).toBe(lacks);
});
