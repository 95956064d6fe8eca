import { defineConfig } from 'vitest/config';

const SERVICE = ['test/cli/operations.test.ts', 'test/client/local/service.test.ts'];

// Hosts, servers and time-skipping do not share a machine well: the lab's files run one after another.
export default defineConfig({
  test: {
    reporters: ['default', './test/tally-reporter.ts'],
    pool: 'forks',
    projects: [
      { test: { name: 'static', include: ['test/static/**/*.test.ts'], testTimeout: 120_000, fileParallelism: false, sequence: { groupOrder: 0 } } },
      {
        test: {
          name: 'unit',
          include: ['test/{spec,contract,plan,activities,worker,client,cli,playbooks}/**/*.test.ts'],
          // These start servers and workers of their own and take a while.
          exclude: SERVICE,
          testTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      { test: { name: 'workflow', include: ['test/workflows/**/*.test.ts'], testTimeout: 60_000, fileParallelism: false, sequence: { groupOrder: 2 } } },
      { test: { name: 'service', include: SERVICE, testTimeout: 120_000, fileParallelism: false, sequence: { groupOrder: 3 } } },
      { test: { name: 'lab', include: ['test/lab/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000, fileParallelism: false, sequence: { groupOrder: 4 } } },
    ],
  },
});
