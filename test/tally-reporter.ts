import type { Reporter, TestModule } from 'vitest/node';

/** Closes the run with a line for each failure, for who sees the end alone, and `N passed, N failed` alone on a line, which machines read. */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    // An error outside of any test (a file that does not load, an unhandled rejection) is a failure too.
    let failed = errors.length;
    let skipped = 0;
    const failures: string[] = errors.map((error) => `✗ ${firstLine(error)}`);
    for (const module of modules) {
      failed += module.errors().length;
      failures.push(...module.errors().map((error) => `✗ ${module.relativeModuleId}: ${firstLine(error)}`));
      for (const test of module.children.allTests()) {
        const result = test.result();
        const { state } = result;
        if (state === 'passed') passed++;
        else if (state === 'failed') failed++;
        else skipped++;
        if (state === 'failed') failures.push(`✗ ${module.relativeModuleId} > ${test.name}: ${firstLine(result.errors?.[0])}`);
      }
    }
    // After the default reporter's own summary, which is written in the same tick.
    process.on('exit', () => {
      process.stdout.write(`\n${failures.map((failure) => `${failure}\n`).join('')}${skipped ? `${skipped} skipped\n` : ''}${passed} passed, ${failed} failed\n`);
    });
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Object && 'message' in error ? String(error.message) : String(error);
  return message.split('\n')[0]!.slice(0, 500);
}
