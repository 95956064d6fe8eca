import { FAULTS, faultOf, type DriverName, type Fault, type FaultName } from './fault-table.ts';
import { dealer, pick, randomOf } from './random.ts';

export type OperationName = 'provision' | 'deploy' | 'rollBack';

/** When something is done to an operation: as soon as one of its steps is seen to begin or to have ended, or inside, after a part of its usual time. */
export interface Moment {
  step: string;
  at: 'begins' | 'inside' | 'ends';
  /** Of the step's usual time; 0 for the boundaries. */
  fraction: number;
}

export interface Strike {
  fault: FaultName;
  /** The server that it is done to, where it is done to one. */
  host?: string;
  /** Seconds until it is mended. */
  seconds: number;
  /** What the operation must be seen at before it is done, after the row's moment. */
  once?: Stage;
}

/** What may become of an operation: its steps are being undone, it asks a person, or it was cut off and is being cleared up after. */
export type Stage = 'undoing' | 'asking' | 'recovering';

/** One row of the table: an operation, a moment in it, and what is done then. */
export interface Row {
  id: string;
  driver: DriverName;
  seed: number;
  operation: OperationName;
  moment: Moment;
  strikes: Strike[];
  /** Whether a second operation of the same environment waits behind it. */
  rival: boolean;
  /** What the environment says: members that may be left out, and seconds for which one that does not answer is asked again. */
  tolerate: 0 | 1;
  patience: number;
  /** Whether a provision must change nothing afterwards. */
  provisionAfter: boolean;
  /** The member on which the release that is deployed is not healthy: the operation fails there. */
  doomed?: string;
  /** Where it then asks a person (`on_failure: pause`): what is answered, one after another, once everything is mended. */
  answers?: Answer[];
}

export type Answer = 'retry' | 'skip' | 'rollback';

export const HOSTS = {
  nspawn: { members: ['web1', 'web2', 'web3'], balancer: 'lb1', storage: undefined },
  uml: { members: ['web1', 'web2'], balancer: 'lb1', storage: 'nfs1' },
} as const satisfies Record<DriverName, { members: string[]; balancer: string; storage: string | undefined }>;

/** How often each fault is dealt beside once, and two at once. */
const OFTEN: Partial<Record<FaultName, number>> = { worker: 2 };
const PAIRS = 2;
const OPERATIONS: readonly OperationName[] = ['deploy', 'deploy', 'deploy', 'rollBack', 'rollBack', 'provision'];

/** The steps of an operation, in their order. */
export function stepsOf(operation: OperationName, driver: DriverName): string[] {
  const { members } = HOSTS[driver];
  const batches = members.map((_, index) => `switch batch ${index + 1} of ${members.length}`);
  const first = 'observe and plan';
  if (operation === 'provision') return [first, 'provision'];
  if (operation === 'rollBack') return [first, ...(driver === 'uml' ? ['see'] : []), ...batches];
  return [first, 'build', 'upload', ...(driver === 'uml' ? ['see'] : []), 'once hooks', ...batches, 'prune'];
}

/** The first `count` rows of a seed's table, which has no end. A longer one begins with a shorter one. */
export function rowsOf(driver: DriverName, seed: number, count: number): Row[] {
  const random = randomOf(`${driver} ${seed}`);
  // What makes an operation be undone has a table of its own (`undoing-rows.ts`): this one stays as it is.
  const faults = faultsOn(driver).filter(({ name }) => name !== 'cancel');
  const cards = [...faults.flatMap((fault) => Array<Fault>(OFTEN[fault.name] ?? 1).fill(fault)), ...Array<'pair'>(PAIRS).fill('pair')];
  const nextFault = dealer(random, cards);
  const nextOperation = dealer(random, OPERATIONS);
  const nextMoment = Object.fromEntries((['provision', 'deploy', 'rollBack'] as const).map((operation) => [operation, dealer(random, momentsOf(operation, driver))]));
  return Array.from({ length: count }, (_, index): Row => {
    const card = nextFault();
    const operation = nextOperation();
    const { step, at } = nextMoment[operation]!();
    const pair = card === 'pair' ? pairOf(random, faults) : [card];
    const strikes = pair.map((fault): Strike => strikeOf(fault, driver, random));
    // Long enough to outlast every fault, or so short that the operation gives up before it is mended.
    const patience = pick(random, driver === 'nspawn' ? [15, 90] : [30, 180]);
    return {
      id: `${driver}-${seed}-${index + 1}`,
      driver,
      seed,
      operation,
      moment: { step, at, fraction: at === 'inside' ? Math.round(random() * 100) / 100 : 0 },
      strikes,
      rival: pair.some(({ name }) => name === 'terminate') ? random() < 0.7 : random() < 0.25,
      tolerate: random() < 0.5 ? 1 : 0,
      patience,
      provisionAfter: (index + 1) % 10 === 0,
    };
  });
}

export const momentsOf = (operation: OperationName, driver: DriverName): Omit<Moment, 'fraction'>[] =>
  // What is inside a step is hit twice as often as its boundaries: each time elsewhere.
  stepsOf(operation, driver).flatMap((step) => (['begins', 'inside', 'inside', 'ends'] as const).map((at) => ({ step, at })));

function pairOf(random: () => number, faults: readonly Fault[]): Fault[] {
  const first = pick(random, faults);
  return [first, pick(random, faults.filter(({ at }) => at !== first.at))];
}

export function strikeOf({ name, at, lasts: [least, most] }: Fault, driver: DriverName, random: () => number): Strike {
  const { members, balancer, storage } = HOSTS[driver];
  const host = at === 'member' ? pick(random, members) : at === 'balancer' ? balancer : at === 'storage' ? storage : undefined;
  const seconds = Math.round((least + random() * (most - least)) * 10) / 10;
  return { fault: name, ...(host && { host }), seconds };
}

export const faultsOn = (driver: DriverName): Fault[] => FAULTS.filter(({ drivers }) => drivers.includes(driver));

const STAGES: Record<Stage, string> = { undoing: 'once it is undone', asking: 'once it asks a person', recovering: 'once it is cleared up after' };

/** A row in a line. */
export function describeRow({ id, operation, moment, strikes, rival, doomed, answers }: Row): string {
  const when = moment.at === 'inside' ? `${Math.round(moment.fraction * 100)} % into "${moment.step}"` : `when "${moment.step}" ${moment.at}`;
  const what = strikes.map(({ fault, host, once }) => `${faultOf(fault).name}${host ? ` ${host}` : ''} ${once ? STAGES[once] : when}`).join(' and ');
  const fate = doomed === undefined ? '' : ` that fails on ${doomed}`;
  return `${id}: ${operation}${fate}, ${what}${answers ? `, then ${answers.join(' and ')}` : ''}${rival ? ', with another one waiting' : ''}`;
}
