import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Site } from '../site.ts';

/** What goes wrong, once. */
export interface Fault {
  /** The activity that it befalls. */
  activity: string;
  /** How many runs of this activity go well before. */
  skip?: number;
  /**
   * `before`: it fails and has done nothing. `half`: its Ansible is killed in the middle of a task. `after`: it does everything, and fails before it can
   * say so. `frozen`: in the middle of a task its Ansible stands still (SIGSTOP), so that something else may befall it there.
   */
  when: 'before' | 'half' | 'after' | 'frozen';
  /** With `half` and `frozen`: a part of the task's name. */
  task?: string;
  /** With `half` and `frozen`: how far into the task, in milliseconds. */
  delay?: number;
}

/** Where it is written in Musher's state folder; what that becomes once its activity runs, and once it has befallen. */
export const FAULT = 'fault.json';
export const TAKEN = 'fault.taken.json';
export const BEFALLEN = 'fault.befallen.json';

const INTERCEPTOR = 'test/lab/compensation/failing-activities.ts';
const ACTIVITIES = 'activities: createActivities(settings),';

/** Has the copy of Musher that a site runs (`copyMusher`) fail as it is told. Only the copy's worker has a way in for this. */
export async function makeFailable(site: Site): Promise<void> {
  const copy = join(site.folder, 'musher');
  for (const file of [INTERCEPTOR, 'test/lab/compensation/fault.ts', 'test/lab/traces.ts']) {
    await mkdir(dirname(join(copy, file)), { recursive: true });
    await cp(join(import.meta.dirname, '../../..', file), join(copy, file));
  }
  const path = join(copy, 'worker/create-worker.ts');
  const code = await readFile(path, 'utf8');
  if (code.split(ACTIVITIES).length !== 2) throw new Error(`${path} makes its activities otherwise than these tests know`);
  const changed = code.replace(ACTIVITIES, `${ACTIVITIES} interceptors: { activity: [failing] },`);
  await writeFile(path, `import { failing } from '../${INTERCEPTOR}';\n${changed}`);
}

/** Arms a fault, and none other. */
export async function arm(site: Site, fault: Fault): Promise<void> {
  await disarm(site);
  const draft = join(site.home, 'fault.draft');
  await writeFile(draft, JSON.stringify(fault));
  await rename(draft, join(site.home, FAULT));
}

/** Whether the fault that was armed last has befallen. */
export const hasBefallen = (site: Site): boolean => existsSync(join(site.home, BEFALLEN));

export async function disarm(site: Site): Promise<void> {
  for (const name of [FAULT, TAKEN, BEFALLEN]) await rm(join(site.home, name), { force: true });
}
