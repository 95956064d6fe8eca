import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { CODE, program } from '../client/local/installation.ts';
import { pruneBundles } from './prune-bundles.ts';

const ROOMS = ['workflows', 'contract', 'plan', 'spec'];

/**
 * The workflows as one bundle. It is made once for a state of their code and of the SDK, and kept in `folder`:
 * bundling takes seconds, and a worker that takes over must not be late. Bundles of other versions go with time.
 */
export async function workflowBundle(folder: string): Promise<WorkflowBundleWithSourceMap> {
  const path = join(folder, `workflows-${codeHash()}.js`);
  const bundle = keptBundle(path) ?? (await makeBundle(folder, path));
  pruneBundles(folder);
  return bundle;
}

function keptBundle(path: string): WorkflowBundleWithSourceMap | undefined {
  try {
    const code = readFileSync(path, 'utf8');
    const now = new Date();
    utimesSync(path, now, now);
    return { code, sourceMap: '' };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

async function makeBundle(folder: string, path: string): Promise<WorkflowBundleWithSourceMap> {
  mkdirSync(folder, { recursive: true });
  const draft = `${path}.${process.pid}`;
  // In a process of its own: the bundler takes as much memory as all the rest of the worker, which would keep it.
  await promisify(execFile)(process.execPath, [program('worker/make-bundle'), program('workflows/index'), draft]);
  renameSync(draft, path);
  return { code: readFileSync(path, 'utf8'), sourceMap: '' };
}

function codeHash(): string {
  const sdk = createRequire(import.meta.url)('@temporalio/worker/package.json') as { version: string };
  const hash = createHash('sha256').update(sdk.version);
  for (const room of ROOMS) {
    const files = readdirSync(join(CODE, room), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const path of files.map(({ parentPath, name }) => join(parentPath, name)).sort()) hash.update(`${relative(CODE, path)}\0`).update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 16);
}
