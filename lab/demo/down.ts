import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { Lab } from '../lab.ts';
import { environment } from './musher.ts';
import { place } from './place.ts';

// The worker goes first: nothing may be under way to hosts that are being taken away.
if (existsSync(place.home)) await execa(place.bin, ['service', 'stop'], { env: environment(), stdio: 'inherit' });
await Lab.down(place.lab);
