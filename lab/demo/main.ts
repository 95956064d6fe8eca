import { demo } from './demo.ts';
import { tellFailure } from './tell-failure.ts';

try {
  await demo();
} catch (error) {
  process.stderr.write(`\nThe demo failed: ${tellFailure(error)}\nWhat it started is still there, to be looked at; "make demo-down" stops everything.\n`);
  // A load, or commands in the background, would keep this process.
  process.exit(1);
}
