import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { Harness, TEMPORAL } from './harness.ts';
import { SCENARIOS } from './scenarios.ts';

// Writes the histories that `replay.test.ts` replays. Old ones stay on file for as long as operations of their time may be under way:
// a new recording goes beside them, `node test/workflows/record-histories.ts VERSION`.

/** Names, processes and folders of the machine that recorded. */
function neutral(key: string, value: unknown): unknown {
  if (key === 'identity') return 'recorded';
  if (key === 'stackTrace') return '';
  return typeof value === 'string' ? value.replace(/^\d+@[\w.-]+/, 'recorded') : value;
}

const version = process.argv[2];
if (!version) throw new Error('node test/workflows/record-histories.ts VERSION');
const folder = join(import.meta.dirname, 'histories', version);
await mkdir(folder, { recursive: true });
const harness = await Harness.start();
for (const [name, scenario] of Object.entries(SCENARIOS)) {
  const { request, world } = scenario();
  await harness.working(world, async () => {
    const operation = await harness.client.start({ ...request, requestedBy: 'somebody@example.net' });
    await operation.result();
    const which = ['--workflow-id', operation.workflowId, '--run-id', operation.runId];
    const { stdout } = await execa(TEMPORAL, ['workflow', 'show', ...which, '--address', harness.environment.address, '--output', 'json']);
    // Whose machine it was recorded on is nobody's business.
    const history = JSON.stringify(JSON.parse(stdout), neutral);
    await writeFile(join(folder, `${name}.json`), `${history}\n`);
  });
}
await harness.stop();
