import { defineConfig } from 'vitest/config';
import LongFirst from './test/long-first.ts';

/** What starts real processes (Ansible, HAProxy, the gate, the command) and takes a while. */
const PROCESS = [
  'test/activities/ansible/{run-playbook,nursery,supervisor,outlive-worker,keep-house}.test.ts',
  'test/activities/inventory/*.test.ts',
  'test/activities/{check-playbooks,load,take-over}.test.ts',
  'test/playbooks/**/*.test.ts',
  'test/cli/{bug,check-speed,command-line,init-command,no-worker}.test.ts',
  'test/client/connect.test.ts',
  'test/client/local/set-up.test.ts',
];

/** What starts Temporal servers and workers of its own. */
const SERVICE = ['test/cli/{operations,pause,upgrade}.test.ts', 'test/client/local/service.test.ts', 'test/worker/{two-hundred-deploys,upgrade}.test.ts'];

/** In `make compensation` alone, since they take their time: each step of each operation fails, and is undone. */
const COMPENSATION = process.env['COMPENSATION'] ? [] : ['test/lab/compensation{,-nfs}.test.ts'];

const alone = { fileParallelism: false, testTimeout: 120_000 };
const together = { maxWorkers: 3, testTimeout: 120_000, sequence: { groupOrder: 0 } };

// `make check` runs the first three, which need neither hosts nor much time. Servers do not share a machine well: their files run one after
// another. Hosts wait as well: three files at a time, each with a lab of its own, and the longest first.
export default defineConfig({
  test: {
    reporters: ['default', './test/tally-reporter.ts'],
    pool: 'forks',
    sequence: { sequencer: LongFirst },
    projects: [
      { test: { name: 'static', include: ['test/static/**/*.test.ts'], ...together, testTimeout: 400_000 } },
      { test: { name: 'unit', include: ['test/{spec,contract,plan,activities,worker,client,cli,crash}/**/*.test.ts'], exclude: [...PROCESS, ...SERVICE], ...together } },
      { test: { name: 'workflow', include: ['test/workflows/**/*.test.ts'], ...together } },
      { test: { name: 'process', include: PROCESS, maxWorkers: 2, testTimeout: 60_000, sequence: { groupOrder: 1 } } },
      { test: { name: 'service', include: SERVICE, ...alone, sequence: { groupOrder: 2 } } },
      { test: { name: 'lab', include: ['test/lab/**/*.test.ts'], exclude: COMPENSATION, maxWorkers: 3, testTimeout: 300_000, hookTimeout: 300_000, sequence: { groupOrder: 3 } } },
    ],
  },
});
