import type { Activities } from '../../../activities/index.ts';
import type { Fault } from './fault.ts';

/** The operations, by what they find. */
export type Operation = 'provision bare servers' | 'provision' | 'provision another spec' | 'first deploy' | 'deploy' | 'roll back';

export interface Row extends Fault {
  operation: Operation;
  activity: keyof Activities;
  /** What is undone, in its order; empty where nothing had been begun. */
  undone: string[];
}

/** Activities that change nothing on a server; there is nothing to undo of them. */
export const CHANGE_NOTHING: readonly (keyof Activities)[] = [
  'admitRequest', 'admitDecision', 'observeGroup', 'lookAtSource', 'planDeploy', 'planRollBack', 'planProvision', 'planRecovery', 'buildArtifact', 'endRuns', 'sealHosts',
];
/** Inverses: what becomes of the rest when they fail is told in test/workflows/undo.test.ts, and on hosts at the end of compensation.test.ts. */
export const INVERSES: readonly (keyof Activities)[] = ['deleteRelease', 'stopOnceHooks', 'restoreProvision'];
/** The design has them never undo anything: old releases that stay, or go, are no reason to take a good new one back. */
export const NEVER_UNDONE: readonly (keyof Activities)[] = ['pruneReleases'];
/**
 * The step that only members that fail have: test/workflows/deploy.test.ts and test/lab/pause.test.ts. Playbooks that are hooks, of which only their own
 * authors know what they change: test/workflows/playbook-hooks.test.ts and test/lab/playbook-hooks.test.ts.
 */
export const ELSEWHERE: readonly (keyof Activities)[] = ['holdMembers', 'playOnceHook', 'playEachHook'];

const BATCH = ['switch batch 1 of 2', 'switch batch 2 of 2'] as const;
/** A first deploy switches all at once: nobody is served yet. */
const ONLY_BATCH = 'switch batch 1 of 1';

/** A step of an operation, failing before it did anything, in the middle of each of these tasks, and after all of them. */
function rowsOf(operation: Operation, activity: keyof Activities, undone: string[], tasks: Pick<Row, 'task' | 'delay'>[], more: Pick<Row, 'skip'> = {}): Row[] {
  const row = { operation, activity, undone, ...more };
  const halves = tasks.map((task): Row => ({ ...row, when: 'half', ...task }));
  return [{ ...row, when: 'before' }, ...halves, { ...row, when: 'after' }];
}

const deploying = (operation: Operation): Row[] => [
  ...rowsOf(operation, 'uploadRelease', ['upload'], [{ task: 'Upload the release', delay: 150 }]),
  ...rowsOf(operation, 'runOnceHooks', ['once hooks', 'upload'], [{ task: 'Run each once hook', delay: 800 }]),
  ...switching(operation, ['once hooks', 'upload']),
];

const LAST_BATCH = [{ task: 'Point current', delay: 300 }, { task: 'Warm the site' }, { task: 'Put the members back into' }];

const switching = (operation: Operation, before: string[]): Row[] =>
  operation === 'first deploy'
    ? rowsOf(operation, 'switchBatch', [ONLY_BATCH, ...before], LAST_BATCH)
    : [
        ...rowsOf(operation, 'switchBatch', [BATCH[0], ...before], [{ task: 'Drain the members for' }, { task: 'Point current' }]),
        ...rowsOf(operation, 'switchBatch', [BATCH[1], BATCH[0], ...before], LAST_BATCH, { skip: 1 }),
      ];

const provisioning = (operation: Operation, tasks: Pick<Row, 'task' | 'delay'>[]): Row[] => rowsOf(operation, 'provisionGroup', ['provision'], tasks);

/** Every step of every operation in a cluster, and where it fails. */
export const ROWS: readonly Row[] = [
  ...provisioning('provision bare servers', [{ task: 'Ensure packages are installed', delay: 4000 }]),
  ...provisioning('provision', [
    { task: 'Ensure the users of the environments are there', delay: 100 },
    { task: 'Ensure the folders of every environment are there' },
    { task: 'Ensure each environment has a PHP master', delay: 300 },
    { task: 'Ensure nginx runs', delay: 300 },
    { task: 'Ensure a reload keeps' },
    { task: 'Ensure HAProxy serves', delay: 300 },
  ]),
  ...deploying('first deploy'),
  ...deploying('deploy'),
  ...switching('roll back', []),
  ...provisioning('provision another spec', [
    { task: 'Ensure the users of the environments are there', delay: 100 },
    { task: 'Ensure each environment has a PHP master', delay: 600 },
    { task: 'Ensure nginx runs', delay: 300 },
    { task: 'Ensure HAProxy serves', delay: 300 },
  ]),
];

/** What a pack has beside: code and shared files on a storage, exports and mounts. */
export const PACK_ROWS: readonly Row[] = [
  ...provisioning('provision bare servers', [{ task: 'Ensure the NFS server exports', delay: 500 }]),
  ...provisioning('provision', [
    { task: 'Ensure the folders of every environment are there' },
    { task: 'Ensure code and shared files of every environment are mounted', delay: 1500 },
    { task: 'Ensure code and shared files are watched', delay: 500 },
    { task: 'Ensure what a storage keeps is served', delay: 500 },
  ]),
  ...rowsOf('first deploy', 'uploadRelease', ['upload'], [{ task: 'Make the shared paths' }, { task: 'Upload the release to the storage', delay: 150 }]),
  ...rowsOf('first deploy', 'seeRelease', ['see', 'upload'], [{ task: 'Prove that the whole release', delay: 300 }]),
  ...rowsOf('first deploy', 'switchBatch', [ONLY_BATCH, 'see', 'upload'], [{ task: 'Warm the site' }]),
  ...rowsOf('deploy', 'uploadRelease', ['upload'], [{ task: 'Upload the release to the storage', delay: 150 }]),
  ...rowsOf('deploy', 'seeRelease', ['see', 'upload'], [{ task: 'Prove that the whole release', delay: 300 }]),
  ...rowsOf('deploy', 'switchBatch', [BATCH[1], BATCH[0], 'see', 'upload'], [{ task: 'Warm the site' }], { skip: 1 }),
  // What is there of the release that is gone back to was there before.
  ...rowsOf('roll back', 'seeRelease', [], [{ task: 'Prove that the whole release', delay: 300 }]),
  ...rowsOf('roll back', 'switchBatch', [BATCH[1], BATCH[0]], [{ task: 'Warm the site' }], { skip: 1 }),
  ...provisioning('provision another spec', [
    { task: 'Ensure the NFS server exports', delay: 500 },
    { task: 'Ensure code and shared files of every environment are mounted', delay: 1500 },
  ]),
];

/** Where an operation is cancelled, in the middle of each of its steps. */
export const CANCELS: readonly Omit<Row, 'when'>[] = [
  { operation: 'provision', activity: 'provisionGroup', undone: ['provision'], task: 'Ensure nginx runs', delay: 300 },
  { operation: 'first deploy', activity: 'switchBatch', undone: [ONLY_BATCH, 'once hooks', 'upload'], task: 'Point current' },
  { operation: 'deploy', activity: 'uploadRelease', undone: ['upload'], task: 'Upload the release', delay: 150 },
  { operation: 'deploy', activity: 'runOnceHooks', undone: ['once hooks', 'upload'], task: 'Run each once hook', delay: 800 },
  { operation: 'deploy', activity: 'switchBatch', skip: 1, undone: [BATCH[1], BATCH[0], 'once hooks', 'upload'], task: 'Warm the site' },
  { operation: 'roll back', activity: 'switchBatch', undone: [BATCH[0]], task: 'Point current' },
  { operation: 'provision another spec', activity: 'provisionGroup', undone: ['provision'], task: 'Ensure HAProxy serves', delay: 300 },
];

/** The same of a pack. */
export const PACK_CANCELS: readonly Omit<Row, 'when'>[] = [
  { operation: 'first deploy', activity: 'uploadRelease', undone: ['upload'], task: 'Upload the release to the storage', delay: 150 },
  { operation: 'deploy', activity: 'seeRelease', undone: ['see', 'upload'], task: 'Prove that the whole release', delay: 100 },
  { operation: 'provision another spec', activity: 'provisionGroup', undone: ['provision'], task: 'Ensure code and shared files of every environment are mounted', delay: 500 },
];

/** Which rows of a table, and which cancels. */
export interface Part {
  rows: (row: Row) => boolean;
  cancels: (cancel: Omit<Row, 'when'>) => boolean;
}

/** What `make test` does of a cluster's table: upload, switch and provision fail in each way on servers that are in use; a roll back; a cancel. */
export const PART: Part = {
  rows: ({ operation, activity, skip, when, task = '' }) =>
    (operation === 'deploy' && activity === 'uploadRelease') ||
    (operation === 'deploy' && activity === 'switchBatch' && skip === 1 && (when !== 'half' || task.startsWith('Warm'))) ||
    (operation === 'roll back' && skip === 1 && task.startsWith('Warm')) ||
    // With it the packages are there, as they are in the whole table when the next operation begins.
    (operation === 'provision bare servers' && when === 'after') ||
    (operation === 'provision another spec' && (when === 'before' || task.includes('HAProxy'))),
  cancels: ({ operation, activity }) => operation === 'deploy' && activity === 'switchBatch',
};

/** The same of a pack: what a cluster does not have. */
export const PACK_PART: Part = {
  rows: ({ operation, activity, when, task = '' }) => when === 'half' && ((operation === 'first deploy' && activity === 'seeRelease') || (operation === 'provision another spec' && task.includes('mounted'))),
  cancels: () => false,
};
