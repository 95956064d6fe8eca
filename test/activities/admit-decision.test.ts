import { expect, test } from 'vitest';
import { admitDecision } from '../../activities/admit-decision.ts';
import type { Decision } from '../../contract/decision.ts';
import { signRequest } from '../../contract/signature.ts';

const [KEY, ANOTHER] = [Buffer.alloc(32, 7), Buffer.alloc(32, 8)];
const RUN = { workflowId: 'environment/shop/live', runId: 'run-1' };
const DECISION: Decision = { version: 1, ...RUN, question: 1, decision: 'skip', host: 'web2', decidedBy: 'me@here' };

const refusal = { type: 'input-refused', message: expect.stringMatching(/^The decision was refused\. /) as string };

test('A decision that is signed with the key of the worker is let in', () => {
  expect(() => admitDecision(KEY, signRequest(DECISION, KEY), RUN)).not.toThrow();
});

const ALTERED = ['question', 'decision', 'host', 'decidedBy', 'runId'].map((field): [string, Decision] => [`signed, and ${field} altered`, { ...signRequest(DECISION, KEY), [field]: 'other' }]);

test.each<[string, Decision]>([['unsigned', DECISION], ['signed with another key', signRequest(DECISION, ANOTHER)], ...ALTERED])('One that is %s is refused', (_, decision) => {
  expect(() => admitDecision(KEY, decision, RUN)).toThrow(expect.objectContaining(refusal) as Error);
});

test('One that was signed for another run is refused, on a cluster too', () => {
  const other = { ...RUN, runId: 'run-2' };
  expect(() => admitDecision(KEY, signRequest(DECISION, KEY), other)).toThrow(expect.objectContaining(refusal) as Error);
  expect(() => admitDecision(undefined, DECISION, other)).toThrow(expect.objectContaining(refusal) as Error);
});

test('On a cluster, whose own authorization decides, none is signed', () => {
  expect(() => admitDecision(undefined, DECISION, RUN)).not.toThrow();
});
