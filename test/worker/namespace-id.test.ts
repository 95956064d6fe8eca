import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { namespaceIdOf } from '../../worker/namespace-id.ts';

const TEMPORAL = join(import.meta.dirname, '../../.venv/bin/temporal');

/** The id of the namespace `default` of a server with this database, which then ends. */
async function idOn(database: string): Promise<string> {
  const server = { executable: { type: 'existing-path', path: TEMPORAL }, dbFilename: database } as const;
  const environment = await TestWorkflowEnvironment.createLocal({ server });
  try {
    return await namespaceIdOf(environment.client);
  } finally {
    await environment.teardown();
  }
}

test('A namespace has the same id after its server was started again on another port, and another on another server', async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const folder = mkdtempSync(join(tmpdir(), 'namespace-'));
  try {
    const first = await idOn(join(folder, 'one.db'));
    expect(await idOn(join(folder, 'one.db'))).toBe(first);
    expect(await idOn(join(folder, 'two.db'))).not.toBe(first);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
