import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** Where the demo lives. Its Musher has a state folder of its own, apart from the user's. */
export const place = {
  lab: 'demo',
  root: ROOT,
  folder: join(ROOT, 'build/demo'),
  home: join(ROOT, 'build/demo/state'),
  spec: join(ROOT, 'build/demo/musher.yml'),
  source: join(ROOT, 'build/demo/wiki'),
  handbook: join(ROOT, 'build/demo/handbook'),
  result: join(ROOT, 'build/demo/result.json'),
  /** Of how it ended, which docs/demo.svg is a copy of. */
  picture: join(ROOT, 'build/demo/demo.svg'),
  bin: join(ROOT, 'bin/musher'),
} as const;
