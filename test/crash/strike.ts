import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { execa } from 'execa';
import { isAlive } from '../../client/local/process-identity.ts';
import { processes } from '../lab/traces.ts';
import type { FaultName } from './fault-table.ts';
import { untilStage } from './moments.ts';
import type { Strike } from './rows.ts';
import type { Started } from './temporal.ts';
import type { World } from './world.ts';

/** A fault as it was made: times in milliseconds since the epoch, its making and its mending from beginning to end. */
export interface Made extends Strike {
  made: { from: number; to: number };
  mended: { from: number; to: number };
  /** Whether there was still something to do it to. */
  hit: boolean;
}

/** How a fault is made, and mended: each on a world, to the operation of the row. False where there was nothing any more to do it to. */
interface Deed {
  make: (world: World, strike: Strike, operation: Started) => Promise<boolean | void>;
  mend: (world: World, strike: Strike) => Promise<void>;
}

/** Milliseconds in which a busy disk must be filled. */
const PATIENCE_MS = 20_000;
/** The least that is asked for at once, in bytes, of a disk that others write to. */
const LEAST = 65_536;
/** Seconds in which an operation must come to be undone, or whatever a fault waits for. */
const TO_A_STAGE = 180;

const startService = async (world: World): Promise<void> => {
  let said = '';
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(1000)) {
    const { exitCode, stdout, stderr } = await world.site.musher('service', 'start');
    if (exitCode === 0) return;
    said = stdout + stderr;
  }
  throw new Error(`musher service start: ${said}`);
};

const hostOf = ({ host }: Strike): string => host!;
const POWER: Deed = { make: ({ site }, strike) => site.lab.powerCut(hostOf(strike)), mend: ({ site }, strike) => site.lab.start(hostOf(strike)) };
const LINK: Deed = { make: ({ site }, strike) => site.lab.cutLink(hostOf(strike)), mend: ({ site }, strike) => site.lab.joinLink(hostOf(strike)) };
const NOTHING = async (): Promise<void> => {};

const DEEDS: Record<FaultName, Deed> = {
  worker: { make: (world) => kill(world, 'worker'), mend: startService },
  run: { make: async (world) => killRuns(world, await kill(world, 'worker')), mend: startService },
  server: { make: (world) => kill(world, 'server'), mend: startService },
  terminate: { make: (world, _, operation) => ifItRuns(world.temporal.terminate(operation)), mend: NOTHING },
  cancel: { make: (world, _, operation) => ifItRuns(world.temporal.cancel(operation)), mend: NOTHING },
  'link-5': LINK,
  'link-45': LINK,
  'power-member': POWER,
  'power-storage': POWER,
  'power-balancer': POWER,
  'disk-member': { make: ({ site }, strike) => site.lab.fill(hostOf(strike)), mend: ({ site }, strike) => site.lab.free(hostOf(strike)) },
  'disk-worker': { make: fillHome, mend: freeHome },
  freeze: {
    make: (world) => signal(world, 'SIGSTOP'),
    mend: async (world) => {
      await signal(world, 'SIGCONT');
    },
  },
};

/** Makes a fault, waits, and mends it; comes back when all is there again. One that waits for a stage of the operation is not made where that does not come. */
export async function strike(world: World, one: Strike, operation: Started): Promise<Made> {
  if (one.once && !(await untilStage(world, operation, one.once, TO_A_STAGE))) {
    const now = { from: Date.now(), to: Date.now() };
    return { ...one, made: now, mended: now, hit: false };
  }
  const { make, mend } = DEEDS[one.fault];
  const made = { from: Date.now(), to: 0 };
  const hit = (await make(world, one, operation)) !== false;
  made.to = Date.now();
  await sleep(one.seconds * 1000);
  const mended = { from: Date.now(), to: 0 };
  await mend(world, one);
  mended.to = Date.now();
  return { ...one, made, mended, hit };
}

async function kill({ site }: World, which: 'worker' | 'server'): Promise<boolean> {
  const background = (await site.service())[which];
  if (!background || !isAlive(background)) return false;
  await site.kill(which);
  return true;
}

/** Whatever runs for this Musher, but for the Temporal server and commands that somebody has called. */
function killRuns({ site }: World, hit: boolean): boolean {
  const ours = processes((environment) => environment.includes(site.home)).filter(({ command }) => !/ server start-dev |\/cli\/main\.ts /.test(`${command} `));
  for (const { pid } of ours) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  return hit || ours.length > 0;
}

async function signal({ site }: World, name: 'SIGSTOP' | 'SIGCONT'): Promise<boolean> {
  const { worker } = await site.service();
  if (!worker || !isAlive(worker)) return false;
  process.kill(worker.pid, name);
  return true;
}

async function ifItRuns(done: Promise<void>): Promise<boolean> {
  try {
    await done;
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Two of them: what was open may give blocks back in between. */
const fillersOf = ({ site }: World): string[] => ['filler-1', 'filler-2'].map((name) => join(site.home, name));

async function fillHome(world: World): Promise<void> {
  for (const filler of fillersOf(world)) await takeAll(world.site.home, filler);
}

/** What is written meanwhile takes of it, and then nothing is given of what was asked for: it is asked for half of that, until there is nothing left. */
async function takeAll(folder: string, filler: string): Promise<void> {
  let [taken, most] = [0, Infinity];
  for (const end = Date.now() + PATIENCE_MS; ; ) {
    const { bavail, bsize } = await statfs(folder);
    if (bavail === 0) return;
    const length = Math.min(bavail * bsize, most);
    const { failed, shortMessage } = await execa('fallocate', ['--offset', String(taken), '--length', String(length), filler], { reject: false });
    if (!failed) taken += length;
    else most = Math.max(LEAST, length / 2);
    if (Date.now() > end) throw new Error(`${folder} could not be filled: ${shortMessage}`);
  }
}

/** What did not outlive it is started again. */
async function freeHome(world: World): Promise<void> {
  for (const filler of fillersOf(world)) await rm(filler, { force: true });
  await startService(world);
}
