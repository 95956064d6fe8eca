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

// `make check` runs the first three, which need neither hosts nor much time. Three files at a time, the longest first: most of them wait for something now and then,
// and a machine with two cores is idle for a third of the time with two of them. Those with hosts come last, each with a lab of its own.
const together = { maxWorkers: 3, testTimeout: 120_000, sequence: { groupOrder: 0 } };

export default defineConfig({
  test: {
    reporters: ['default', './test/tally-reporter.ts'],
    pool: 'forks',
    sequence: { sequencer: LongFirst },
    projects: [
      { test: { name: 'static', include: ['test/static/**/*.test.ts'], ...together, testTimeout: 400_000 } },
      { test: { name: 'unit', include: ['test/{spec,contract,plan,activities,worker,client,cli,crash}/**/*.test.ts'], exclude: [...PROCESS, ...SERVICE], ...together } },
      { test: { name: 'workflow', include: ['test/workflows/**/*.test.ts'], ...together } },
      { test: { name: 'process', include: PROCESS, ...together, testTimeout: 60_000 } },
      { test: { name: 'service', include: SERVICE, ...together } },
      { test: { name: 'lab', include: ['test/lab/**/*.test.ts'], maxWorkers: 3, testTimeout: 300_000, hookTimeout: 300_000, sequence: { groupOrder: 1 } } },
    ],
  },
});
