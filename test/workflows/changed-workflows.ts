import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

const ROOT = join(import.meta.dirname, '../..');
/** What workflows are bundled from. */
const ROOMS = ['workflows', 'contract', 'spec', 'package.json'];

/** Steps of a deploy that another version has: before a line of `workflows/deploy.ts`, each with its name. */
export type Added = { name: string; before: string }[];

const BEFORE_THE_UPLOAD = 'await uploadRelease(operation, rollout, release);';
const AFTER_THE_BATCHES = 'await prune(operation, rollout);';
export const TWO_STEPS: Added = [
  { name: 'count to ten', before: BEFORE_THE_UPLOAD },
  { name: 'count to twenty', before: AFTER_THE_BATCHES },
];

/** `workflows/deploy.ts` with steps added. @param guarded whether as CONTRIBUTING.md has it, by `patched()`. */
export function deployWith(code: string, added: Added, { guarded }: { guarded: boolean }): string {
  const changed = added.reduce((text, { name, before }) => {
    if (!text.includes(before)) throw new Error(`deploy.ts has no line "${before}"`);
    const step = `await operation.step('${name}', [], (step) => step.rest(() => sleep('10 milliseconds')));`;
    return text.replace(before, `${guarded ? `if (patched('${name}')) ` : ''}${step}\n    ${before}`);
  }, code);
  return `import { patched, sleep } from '@temporalio/workflow';\n${changed}`;
}

/** The workflows of a version whose deploy has more steps. */
export const workflowsWith = (added: Added, how: { guarded: boolean }): Promise<WorkflowBundleWithSourceMap> => workflowsChanged('deploy.ts', (code) => deployWith(code, added, how));

/** The workflows of a version in which a file of them is another. */
export async function workflowsChanged(file: string, change: (code: string) => string): Promise<WorkflowBundleWithSourceMap> {
  const folder = await mkdtemp(join(tmpdir(), 'workflows-'));
  try {
    for (const room of ROOMS) await cp(join(ROOT, room), join(folder, room), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const path = join(folder, 'workflows', file);
    await writeFile(path, change(await readFile(path, 'utf8')));
    return await bundleWorkflowCode({ workflowsPath: join(folder, 'workflows/index.ts'), logger: new DefaultLogger('ERROR') });
  } finally {
    await rm(folder, { recursive: true });
  }
}
