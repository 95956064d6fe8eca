import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HANDBOOK } from '../../../lab/demo/application/make-spec.ts';
import { makeRelease } from '../../../lab/demo/application/make-release.ts';
import { paths } from '../../../lab/home.ts';

/** A PHP application to measure. */
export interface App {
  name: 'wiki' | 'classes';
  /** What is asked for, with a path as nginx has it. */
  page: string;
  /** What a right answer holds. */
  holds: string;
  /** Makes its source. @param version changes what a page shows, and so one file at least. */
  make(folder: string, version: string): Promise<void>;
}

const CLASSES = 400;

/** A real application, out of a Debian package, and one that does nothing but include many files. */
export const apps: readonly App[] = [
  { name: 'wiki', ...HANDBOOK, make: (folder, version) => makeRelease({ folder, version, store: paths.packages }) },
  { name: 'classes', page: '/index.php', holds: `${CLASSES} classes`, make: makeClasses },
];

async function makeClasses(folder: string, version: string): Promise<void> {
  await mkdir(join(folder, 'public/classes'), { recursive: true });
  await mkdir(join(folder, 'data'));
  const names = Array.from({ length: CLASSES }, (_, n) => `Part${n}`);
  for (const name of names) {
    const methods = Array.from({ length: 8 }, (_, n) => `  public function method${n}(int $given): int { return $given + ${n}; }\n`).join('');
    await writeFile(join(folder, `public/classes/${name}.php`), `<?php\n// Version ${version}.\nclass ${name} {\n${methods}}\n`);
  }
  const includes = names.map((name) => `require __DIR__ . '/classes/${name}.php';\n`).join('');
  await writeFile(join(folder, 'public/index.php'), `<?php\n${includes}$sum = 0;\nfor ($n = 0; $n < ${CLASSES}; $n++) { $class = "Part$n"; $sum += (new $class())->method1(0); }\necho "$sum classes, version ${version}\\n";\n`);
}
