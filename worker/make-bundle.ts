import { writeFileSync } from 'node:fs';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

// node make-bundle.ts WORKFLOWS BUNDLE: writes the workflows that a program exports as one bundle.
const [workflowsPath, path] = process.argv.slice(2) as [string, string];
const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
writeFileSync(path, code);
