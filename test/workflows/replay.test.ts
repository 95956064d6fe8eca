import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { SCENARIOS } from './scenarios.ts';

const FOLDER = join(import.meta.dirname, 'histories');
const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));

let bundle: WorkflowBundleWithSourceMap;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  bundle = await bundleWorkflowCode({ workflowsPath: join(import.meta.dirname, '../../workflows/index.ts'), logger: new DefaultLogger('ERROR') });
}, 60_000);

const read = (file: string): { events: { eventType: string; workflowTaskCompletedEventAttributes?: unknown; activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[] } =>
  JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as ReturnType<typeof read>;

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

test('A history that the workflows would not have made is found out', async () => {
  const history = read(files.find((file) => file.endsWith('deploy-done.json'))!);
  const upload = history.events.find(({ activityTaskScheduledEventAttributes }) => activityTaskScheduledEventAttributes?.activityType.name === 'uploadRelease');
  upload!.activityTaskScheduledEventAttributes!.activityType.name = 'anotherActivity';
  expect(await replay(history)).toBeInstanceOf(Error);
});
