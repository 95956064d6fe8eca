import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EventFile } from '../../../activities/ansible/event-file.ts';
import { OutcomeReader } from '../../../activities/ansible/outcome.ts';
import { RunLostForGood } from '../../../activities/ansible/run-failure.ts';
import { nextStart } from '../../../activities/ansible/resume.ts';
import type { RunRequest } from '../../../activities/ansible/run-request.ts';

const read = (hosts: string[], ...events: object[]): OutcomeReader => {
  const reader = new OutcomeReader(hosts);
  for (const event of events) reader.take(event);
  return reader;
};
const start = (time: number) => ({ event: 'start', time });
const task = (id: string, time: number) => ({ event: 'task_start', id, task: `Ensure ${id}`, time });
const result = (host: string, id: string, status: string, time: number, rest = {}) => ({ event: 'host_result', host, id, task: `Ensure ${id}`, status, time, ...rest });
const done = (host: string) => ({ event: 'host_done', host });
const recap = (hosts: object) => ({ event: 'recap', hosts });

describe('the outcome', () => {
  test('of nothing is that no host was reached', () => {
    expect(read(['a']).outcome()).toEqual({ hosts: { a: { status: 'not-reached' } }, data: {}, seconds: 0, taskSeconds: 0, changed: 0 });
  });

  test('counts the time that tasks took once, whoever works at once', () => {
    const reader = read(['a', 'b'], start(100), task('t', 101), task('u', 102), result('a', 't', 'ok', 105), result('b', 'u', 'ok', 104), task('v', 110), result('a', 'v', 'changed', 111));
    expect(reader.outcome()).toMatchObject({ seconds: 11, taskSeconds: 5, changed: 1 });
    expect(reader.outcome(20.5).seconds).toBe(20.5);
  });

  test('forgives what was rescued or ignored, and keeps what was not', () => {
    const reader = read(['a', 'b', 'c'], start(1), result('a', 't', 'failed', 2), result('b', 't', 'failed', 2, { message: 'no' }), result('c', 't', 'failed', 2, { ignored: true }),
      done('c'), recap({ a: { failures: 0, unreachable: 0 }, b: { failures: 1, unreachable: 0 } }));
    expect(reader.outcome().hosts).toEqual({ a: { status: 'not-reached' }, b: { status: 'failed', failure: 'task-failed', task: 'Ensure t', message: 'no' }, c: { status: 'ok' } });
  });

  test('names a host outside the request only if it failed', () => {
    const reader = read(['a'], start(1), done('a'), done('other'), result('localhost', 't', 'unreachable', 2));
    expect(Object.keys(reader.outcome().hosts)).toEqual(['a', 'localhost']);
  });

  test('over several starts keeps data and finished hosts, forgets failures of the unfinished, adds the times', () => {
    const reader = read(['a', 'b'], start(10), result('a', 't', 'changed', 12, { musher: { x: 1 } }), done('a'), result('b', 't', 'failed', 13, { musher: { y: 1 } }),
      start(100), result('b', 't', 'changed', 102, { musher: { z: 2 } }), done('b'), recap({ b: {} }));
    expect(reader.outcome(4)).toEqual({ hosts: { a: { status: 'ok' }, b: { status: 'ok' } }, data: { a: { x: 1 }, b: { y: 1, z: 2 } }, seconds: 7, taskSeconds: 0, changed: 2 });
  });

  test('is not complete when the last start came to no recap', () => {
    expect([read(['a'], start(1), recap({})).complete, read(['a'], start(1), recap({}), start(2)).complete]).toEqual([true, false]);
  });

  test('survives what it does not know', () => {
    const odd = [null, 7, 'x', [], {}, { event: 'later' }, { event: 'host_result' }, { event: 'host_result', host: '__proto__', status: 'failed' }, { event: 'recap', hosts: 3 }, { event: 'host_done', host: 4 }];
    expect(read(['a'], ...(odd as object[])).outcome().hosts['a']).toEqual({ status: 'not-reached' });
  });

  test('caps a message and keeps both its ends', () => {
    const reader = read(['a'], result('a', 't', 'failed', 1, { message: `first${'x'.repeat(9_000)}last` }));
    expect(reader.outcome().hosts['a']).toMatchObject({ message: expect.stringMatching(/^firstx+\n\[\.\.\.\]\nx+last$/) as string });
    expect((reader.outcome().hosts['a'] as { message: string }).message.length).toBeLessThan(2_100);
  });
});

describe('what is started', () => {
  const request = { playbook: 'x.yml' } as RunRequest;
  const reader = read(['a', 'b'], start(1), done('a'));

  test.each([
    ['everything at first', request, 0, { generation: 1 }],
    ['unfinished hosts after a loss', request, 1, { generation: 2, limit: ['b'] }],
    ['all hosts if the request says so', { ...request, afterLoss: 'all-hosts' as const }, 1, { generation: 2 }],
  ])('%s', (_, asked, starts, expected) => expect(nextStart(asked, starts, reader)).toEqual(expected));

  test('nothing when all hosts had finished', () => expect(nextStart(request, 1, read(['a'], done('a')))).toBeUndefined());

  test.each([['the request forbids it', { ...request, afterLoss: 'nothing' as const }, 1], ['it died too often', request, 4]])('nothing, as a failure, when %s', (_, asked, starts) => {
    expect(() => nextStart(asked, starts, reader)).toThrow(RunLostForGood);
  });
});

describe('the file of events', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'musher-events-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('is read from where it stood; a torn line waits, and is passed over when a new start ended it', async () => {
    const path = join(folder, 'events.jsonl');
    const file = new EventFile(path);
    const seen: unknown[] = [];
    const more = async (text: string | Buffer) => {
      await appendFile(path, text);
      await file.read((event) => seen.push(event));
    };
    await file.read((event) => seen.push(event));
    await more('{"n":1}\n{"n":');
    expect(seen).toEqual([{ n: 1 }]);
    await more('2}\n{"n":3');
    await more('\n{"text":"');
    await more(Buffer.from('ü').subarray(0, 1));
    await more(Buffer.concat([Buffer.from('ü').subarray(1), Buffer.from('"}\nnonsense\n\n{"n":4}\n')]));
    expect(seen).toEqual([{ n: 1 }, { n: 2 }, { text: 'ü' }, { n: 4 }]);
  });

  test('may hold a line of any length; one that no callback of ours writes is passed over', async () => {
    const path = join(folder, 'events.jsonl');
    const megabyte = JSON.stringify({ text: 'x'.repeat(1 << 20) });
    await writeFile(path, `{"n":1}\n${megabyte}\n"${'x'.repeat(9 << 20)}"\n{"n":2}\n`);
    const sizes: number[] = [];
    await new EventFile(path).read((event) => sizes.push(JSON.stringify(event).length));
    expect(sizes).toEqual([7, megabyte.length, 7]);
  });
});
