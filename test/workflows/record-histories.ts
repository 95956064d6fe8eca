import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OPERATIONS } from '../../contract/names.ts';
import { ofTypes } from '../../contract/listing.ts';
import { Harness } from './harness.ts';
import { untilIdle } from './scenarios-of-lines.ts';
import type { Run } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

// Writes the histories that `replay.test.ts` replays. Old ones stay on file for as long as operations of their time may be under way:
// a new recording goes beside them, `node test/workflows/record-histories.ts VERSION`; with names behind it, of these scenarios alone.

/** Names, processes and folders of the machine that recorded. */
function neutral(key: string, value: unknown): unknown {
  if (key === 'identity') return 'recorded';
  if (key === 'stackTrace') return '';
  return typeof value === 'string' ? value.replace(/^\d+@[\w.-]+/, 'recorded') : value;
}

const [version, ...names] = process.argv.slice(2);
if (!version) throw new Error('node test/workflows/record-histories.ts VERSION [SCENARIO…]');
const folder = join(import.meta.dirname, 'histories', version);
await mkdir(folder, { recursive: true });
const harness = await Harness.start();

async function record(name: string, run: Run): Promise<void> {
  const { workflowId, runId } = run;
  await atRest(run);
  const { stdout } = await harness.temporal('workflow', 'show', '--workflow-id', workflowId, ...(runId ? ['--run-id', runId] : []), '--output', 'json');
  // Whose machine it was recorded on is nobody's business.
  const history = JSON.stringify(JSON.parse(stdout), neutral);
  await writeFile(join(folder, `${name}.json`), `${history}\n`);
}

/** Waits until a workflow has done all that it can do now: what is taken of one that is under way does not end in the middle of a task. */
async function atRest({ workflowId, runId }: Run): Promise<void> {
  const handle = harness.environment.client.workflow.getHandle(workflowId, runId);
  while ((await handle.describe()).raw.pendingWorkflowTask) await sleep(50);
}

/** Ends what is still under way, and has it cleared up after. */
async function leaveNothing(): Promise<void> {
  const { workflow } = harness.environment.client;
  for await (const { workflowId, runId } of workflow.list({ query: `${ofTypes(OPERATIONS)} AND ExecutionStatus = 'Running'` }))
    await workflow.getHandle(workflowId, runId).terminate('recorded').catch(() => {});
  await untilIdle(harness);
}

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const { world, play, letGo } = scenario();
  await harness.working(world, async () => {
    await record(name, await play(harness));
    world.gate = async () => {};
    letGo?.();
    await leaveNothing();
  });
  console.log(name);
}
await harness.stop();
