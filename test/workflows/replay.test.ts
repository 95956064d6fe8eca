import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Runtime, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { WorkflowType } from '../../contract/names.ts';
import { realWorkflows } from './harness.ts';
import { SCENARIOS } from './scenarios.ts';

const FOLDER = join(import.meta.dirname, 'histories');
const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));

let bundle: WorkflowBundleWithSourceMap;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  bundle = await realWorkflows();
}, 60_000);

interface Event {
  eventType: string;
  workflowExecutionStartedEventAttributes?: { workflowType: { name: string } };
  activityTaskScheduledEventAttributes?: { activityType: { name: string } };
}

const read = (file: string) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as { events: Event[] };

async function replay(history: unknown): Promise<unknown> {
  for await (const { error } of Worker.runReplayHistories({ workflowBundle: { code: bundle.code } }, [{ workflowId: 'replayed', history }])) return error;
  throw new Error('nothing was replayed');
}

test.each(files)('The workflows of today replay %s', async (file) => {
  expect(await replay(read(file))).toBeUndefined();
});

test('Each scenario has a history on file', () => {
  const recorded = new Set(files.map((file) => file.replace(/^.*\//, '').replace(/\.json$/, '')));
  expect(Object.keys(SCENARIOS).filter((name) => !recorded.has(name))).toEqual([]);
});

test('Of each workflow that takes its time there are histories that have ended, and some that have not', () => {
  const known = files.map((file) => {
    const { events } = read(file);
    const end = /^EVENT_TYPE_WORKFLOW_EXECUTION_(COMPLETED|FAILED|CANCELED|CONTINUED_AS_NEW)$/.test(events.at(-1)!.eventType);
    return `${events[0]!.workflowExecutionStartedEventAttributes!.workflowType.name} ${end ? 'ended' : 'under way'}`;
  });
  const brief: string[] = [WorkflowType.plan, WorkflowType.observe];
  const wanted = Object.values(WorkflowType).flatMap((type) => [`${type} ended`, ...(brief.includes(type) ? [] : [`${type} under way`])]);
  expect(wanted.filter((one) => !known.includes(one))).toEqual([]);
});

test('A history that the workflows would not have made is found out', async () => {
  const history = read(files.find((file) => file.endsWith('deploy-done.json'))!);
  const upload = history.events.find(({ activityTaskScheduledEventAttributes }) => activityTaskScheduledEventAttributes?.activityType.name === 'uploadRelease');
  upload!.activityTaskScheduledEventAttributes!.activityType.name = 'anotherActivity';
  expect(await replay(history)).toBeInstanceOf(Error);
});
