import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { printable, printableLine } from '../../contract/printable.ts';
import { table } from '../../cli/output/table.ts';
import { duration } from '../../cli/output/time.ts';
import { renderObstacle, renderQueueObstacle } from '../../cli/views/render-obstacle.ts';
import { renderPlan } from '../../cli/views/render-plan.ts';
import { renderResult } from '../../cli/views/render-result.ts';
import { renderSteps } from '../../cli/views/render-steps.ts';
import { decisionNewsOf } from '../../cli/views/decision-news.ts';
import { renderQuestion } from '../../cli/views/render-question.ts';
import { newsOf } from '../../cli/views/step-news.ts';
import type { DecisionRecord, Question } from '../../contract/decision.ts';
import { FAILURES } from '../../contract/failures.ts';
import type { OperationResult, Progress, StepReport } from '../../contract/result.ts';

const step = (name: string, more: Partial<StepReport> = {}): StepReport => ({ name, state: 'waiting', hosts: [], ...more });
const progress = (...steps: StepReport[]): Progress => ({ operation: 'deploy', subject: 'shop/live', steps, ended: false });

const failed: OperationResult = {
  version: 1,
  operation: 'deploy',
  subject: 'shop/live',
  outcome: 'failed',
  message: 'web2 did not pass its health check.',
  failure: { type: 'health-check-failed', step: 'switch 2 of 3', hosts: { web2: 'GET / said 500\u001b[31m' }, message: 'GET / said 500' },
  undone: ['switch 1 of 3', 'upload'],
  notUndone: [{ step: 'upload', host: 'web3', message: 'web3: it did not\n answer', mend: 'musher deploy shop/live' }],
  members: [
    { name: 'web1', release: 'r1', checksum: 'sha256:1', inService: true },
    { name: 'web3', release: 'r0', checksum: 'sha256:0', inService: false, behind: 'it did not answer' },
  ],
  steps: [step('upload', { state: 'undone', hosts: ['web1', 'web2'], startedAt: 1000, endedAt: 3500 })],
  seconds: 75,
  workSeconds: 70,
  changed: 4,
};

describe('the live table', () => {
  const active = progress(
    step('build', { state: 'done', startedAt: 0, endedAt: 400 }),
    step('upload', { state: 'running', hosts: ['web1', 'web2', 'web3'], startedAt: 400 }),
    step('switch 1 of 3', { hosts: ['web1'] }),
  );

  test('shows each step with its time and hosts, and what Ansible is at', () => {
    const text = renderSteps(active, [{ task: 'Send the release', done: ['web1'], failed: ['web3'] }], 12_400, 100);
    expect(stripVTControlCharacters(text).split('\n').map((line) => line.trimEnd())).toEqual([
      'Deploy shop/live  12 s',
      '✓ build             0.4 s',
      expect.stringMatching(/^. upload {13}12 s {2}web1 ✓ web2 web3 ✗$/),
      '    Send the release',
      '· switch 1 of 3            web1',
    ]);
  });

  test.each([40, 60, 80, 200])('no line is longer than %i columns, whatever the hosts and notes', (width) => {
    const hosts = Array.from({ length: 40 }, (_, index) => `web-${index}`);
    const full = progress(
      step('upload', { state: 'retrying', hosts, startedAt: 0, note: 'no answer '.repeat(40) }),
      step('switch 1 of 3', { state: 'failed', hosts, startedAt: 0, endedAt: 1, note: 'x\ny\u001b[2J'.repeat(40) }),
    );
    const lines = renderSteps(full, [{ task: 'T'.repeat(300), done: hosts, failed: [] }], 9_000_000, width).split('\n');
    for (const line of lines) expect([...stripVTControlCharacters(line)].length, line).toBeLessThanOrEqual(width);
  });
});

describe('the end of an operation', () => {
  test('a failure says what happened where, what was undone, what is left, what to do, who serves what', () => {
    const text = stripVTControlCharacters(renderResult(failed));
    expect(text).toContain('✗ web2 did not pass its health check. (1 min 15 s)');
    expect(text).toContain('web2: GET / said 500');
    expect(text).toContain('Undone: switch 1 of 3, upload.');
    expect(text).toContain('Not undone, and left to you:\n  upload: web3: it did not answer\n    mend it with: musher deploy shop/live');
    expect(text).toContain(`What to do: ${FAILURES['health-check-failed'].remedy}`);
    expect(text).toContain('musher logs shop/live');
    expect(text).toMatch(/^upload +2\.5 s +undone +web1 web2$/m);
    expect(text).toMatch(/^web1 +r1 +yes$/m);
    expect(text).toMatch(/^web3 +r0 +no +behind: it did not answer$/m);
  });

  test('what a host said cannot steer the terminal', () => {
    expect(renderResult(failed)).not.toContain('500\u001b[31m');
  });

  test('a success says the release and nothing of failures', () => {
    const { failure: _, ...rest } = failed;
    const done: OperationResult = { ...rest, outcome: 'done', undone: [], notUndone: [], release: { id: 'r1', checksum: 'sha256:1', commit: 'abc', files: 5, bytes: 2_000_000 } };
    const text = stripVTControlCharacters(renderResult(done));
    expect(text).toContain('Release r1: 5 files, 2.0 MB, commit abc, sha256:1');
    expect(text).not.toMatch(/Undone|What to do|musher logs/);
  });
});

test('a plan names its batches, changes, and who is left out', () => {
  const text = renderPlan({
    operation: 'deploy',
    subject: 'shop/live',
    release: { id: 'r2', checksum: null },
    source: { commit: '3fa9c1' },
    batches: [{ label: '1 of 1', members: ['web1'], drain: false }],
    changes: [{ host: 'web1', change: 'serves r2 in place of r1' }, { host: 'web1', change: 'each hook: \u001b[31mdrush' }, { host: 'lb1', change: 'drains web1' }],
    leftOut: { web2: 'does not answer' },
    target: { project: { source: { type: 'git', git: 'https://git.example.net/shop.git' }, build: 'composer install' }, environment: {} },
  } as never);
  expect(stripVTControlCharacters(text)).toMatch(/^web1 +serves r2 in place of r1\n +each hook: drush\nlb1 +drains web1$/m);
  expect(text).toContain("Made from the repository https://git.example.net/shop.git; built on the worker's machine with: composer install");
  for (const part of ['release r2 from commit 3fa9c1, in 1 batch', 'not drained', 'serves r2 in place of r1', 'does not answer', 'Nothing has been changed.']) expect(text).toContain(part);
});

test('news are the steps that changed, once each', () => {
  const news = newsOf();
  expect(news(progress(step('build'), step('upload')))).toEqual([]);
  expect(news(progress(step('build', { state: 'running' }), step('upload')))).toMatchObject([{ name: 'build', state: 'running' }]);
  expect(news(progress(step('build', { state: 'running' }), step('upload')))).toEqual([]);
  expect(news(progress(step('build', { state: 'retrying', note: 'again' }), step('upload', { state: 'running' })))).toMatchObject([{ note: 'again' }, { name: 'upload' }]);
});

const asked: Question = {
  id: 1,
  about: 'failure',
  step: 'switch batch 2 of 3',
  message: 'all of it',
  situation: 'The deploy of shop/live is paused: web2 said 500\u001b[31m.',
  choices: [
    { decision: 'retry', effect: 'web2 is switched again' },
    { decision: 'skip', host: 'web2', effect: 'it goes on with web1' },
    { decision: 'rollback', effect: 'what was done is undone' },
  ],
  askedAt: '2026-01-02T03:00:00.000Z',
  until: '2026-01-02T07:00:00.000Z',
  otherwise: 'rollback',
};
const skipped: DecisionRecord = { question: 1, step: 'switch batch 2 of 3', decision: 'skip', host: 'web2', by: 'me@here', at: '2026-01-02T03:10:00.000Z' };

describe('what a person is asked', () => {
  test('says what happened, the command for each choice, until when, and what then', () => {
    const text = stripVTControlCharacters(renderQuestion(asked, 'shop/live', Date.parse('2026-01-02T03:05:00Z')));
    expect(text.split('\n')).toEqual([
      '⏸ The deploy of shop/live is paused: web2 said 500.',
      '',
      expect.stringMatching(/^what you can say +what it does$/),
      expect.stringMatching(/^musher retry shop\/live +web2 is switched again$/),
      expect.stringMatching(/^musher skip web2 shop\/live +it goes on with web1$/),
      expect.stringMatching(/^musher rollback shop\/live --paused +what was done is undone$/),
      '',
      'It waits until 2026-01-02 07:00:00 UTC (3 h 55 min); if nobody has decided by then: rollback.',
    ]);
  });

  test('is told once, and so is what was decided', () => {
    const news = decisionNewsOf();
    expect(news(progress())).toEqual({ question: undefined, decided: [] });
    expect(news({ ...progress(), question: asked })).toEqual({ question: asked, decided: [] });
    expect(news({ ...progress(), question: asked })).toEqual({ question: undefined, decided: [] });
    expect(news({ ...progress(), decisions: [skipped] })).toEqual({ question: undefined, decided: [skipped] });
    expect(news({ ...progress(), question: { ...asked, id: 2 }, decisions: [skipped] })).toEqual({ question: { ...asked, id: 2 }, decided: [] });
  });

  test('is in the result with who decided, and when; or that nobody did', () => {
    const nobody: DecisionRecord = { question: 2, step: 'upload', decision: 'rollback', by: null, at: '2026-01-02T07:00:00.000Z' };
    const text = stripVTControlCharacters(renderResult({ ...failed, decisions: [skipped, nobody] }));
    expect(text).toContain('Decided at "switch batch 2 of 3": skip web2, by me@here, at 2026-01-02 03:10:00 UTC.');
    expect(text).toContain('Decided at "upload": rollback, since nobody answered in time, at 2026-01-02 07:00:00 UTC.');
  });
});

describe('small things', () => {
  test.each([
    [0, '0.0 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.6, '1 min 00 s'],
    [185, '3 min 05 s'],
    [7800, '2 h 10 min'],
  ])('%d seconds are "%s"', (seconds, text) => expect(duration(seconds)).toBe(text));

  test('a table has its columns under each other', () => {
    expect(stripVTControlCharacters(table(['a', 'bb'], [['xxx', 'y'], ['z', '']]))).toBe('a    bb\nxxx  y\nz');
    expect(table(['a'], [])).toBe('');
  });

  test('printable text keeps its lines and loses what a terminal obeys', () => {
    expect(printable('a\r\nb\tc\u001b[31md\u0000\u202e')).toBe('a\nb\tcd\uFFFD\uFFFD');
    expect(printableLine(' a\n b ', 10)).toBe('a b');
    expect(printableLine('abcdef', 4)).toBe('abc…');
  });
});

describe('what keeps an operation from going on', () => {
  const at = { address: '127.0.0.1:7233', namespace: 'musher' };

  test('says the cause, how things stand, and the ways out; what the worker says is put in whole, and is obeyed by no terminal', () => {
    const text = stripVTControlCharacters(renderObstacle({ because: 'bug', message: 'x is not\n a function\u001b[31m' }, { workflowId: "environment/shop/live/it's", operation: 'rollBack' }, at));
    expect(text).toContain('✗ The roll back cannot go on: its own code fails in the worker, which is a bug in Musher. It stands where it stood; nothing is lost, and nothing is undone. The worker says: x is not a function');
    expect(text).toContain('install a version of Musher in which that is mended');
    expect(text).toContain(`temporal workflow terminate --address 127.0.0.1:7233 --namespace musher --workflow-id 'environment/shop/live/it'\\''s'`);
  });

  test('a queue that cannot go on is told with those who wait in it', () => {
    const at = { address: '127.0.0.1:7233', namespace: 'musher' };
    const text = stripVTControlCharacters(renderQueueObstacle({ because: 'bug', message: 'x' }, 'eu', at));
    expect(text).toContain('✗ The queue of eu, which others wait in, cannot go on: its own code fails');
    expect(text).toContain('--workflow-id queue/eu');
  });
});
