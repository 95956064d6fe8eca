import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { pythonCommand } from '../../client/local/python-environment.ts';
import { Lab } from '../lab.ts';
import { endRuns } from './end-runs.ts';
import { environment } from './musher.ts';
import { place } from './place.ts';
import { tellFailure } from './tell-failure.ts';

try {
  if (existsSync(place.home)) {
    // The worker goes first, then what it leaves to the next one: nothing may be under way to hosts that are being taken away.
    await execa(place.bin, ['service', 'stop'], { env: environment(), stdio: 'inherit' });
    const ended = await endRuns(place.home, pythonCommand(place.home));
    if (ended > 0) process.stdout.write(`Ended ${ended} ${ended === 1 ? 'run' : 'runs'} of Ansible that went on without a worker.\n`);
  }
  await Lab.down(place.lab);
} catch (error) {
  process.stderr.write(`\nmake demo-down failed: ${tellFailure(error)}\n`);
  process.exitCode = 1;
}
