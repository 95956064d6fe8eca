import { rmSync } from 'node:fs';
import { BUILD, SHRINKWRAP } from './place.ts';

// `npm pack` runs this last: the repository is as it was.
rmSync(SHRINKWRAP, { force: true });
rmSync(BUILD, { recursive: true, force: true });
