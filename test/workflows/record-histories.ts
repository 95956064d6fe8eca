import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { Harness, TEMPORAL } from './harness.ts';
import { SCENARIOS } from './scenarios.ts';

// Writes the histories that `replay.test.ts` replays. Old ones stay on file for as long as operations of their time may be under way:
// a new recording goes beside them, `node test/workflows/record-histories.ts VERSION`.

const version = process.argv[2];
if (!version) throw new Error('node test/workflows/record-histories.ts VERSION');
const folder = join(import.meta.dirname, 'histories', version);
await mkdir(folder, { recursive: true });
const harness = await Harness.start();
for (const [name, scenario] of Object.entries(SCENARIOS)) {
  const { request, world } = scenario();
  await harness.working(world, async () => {
    const operation = await harness.client.start(request);
    await operation.result();
    const which = ['--workflow-id', operation.workflowId, '--run-id', operation.runId];
    const { stdout } = await execa(TEMPORAL, ['workflow', 'show', ...which, '--address', harness.environment.address, '--output', 'json']);
    await writeFile(join(folder, `${name}.json`), `${JSON.stringify(JSON.parse(stdout))}\n`);
  });
}
await harness.stop();
