/** Ways to run the lab's hosts: `nspawn` for a cluster, `uml` for a pack, whose members and storage have kernels and disks of their own. */
export type DriverName = 'nspawn' | 'uml';

export type FaultName =
  | 'worker'
  | 'run'
  | 'server'
  | 'terminate'
  | 'cancel'
  | 'link-5'
  | 'link-45'
  | 'power-member'
  | 'power-storage'
  | 'power-balancer'
  | 'disk-member'
  | 'disk-worker'
  | 'freeze';

/**
 * Which requests at the balancer may fail, said before anything is done. `in flight`: those that had been sent when the fault was made, and those sent until the
 * balancer must have noticed. `everybody`: all until `seconds` after it was mended.
 */
export interface Allowance {
  who: 'nobody' | 'in flight' | 'everybody';
  seconds: number;
  why: string;
}

export interface Fault {
  name: FaultName;
  /** What it hits: two at once never hit the same. */
  at: 'worker' | 'server' | 'operation' | 'member' | 'storage' | 'balancer' | 'disk';
  what: string;
  mended: string;
  /** Seconds from the fault to its mending; of two numbers something between them. */
  lasts: readonly [number, number];
  allowed: Allowance;
  drivers: readonly DriverName[];
  /** Why it is not made everywhere. */
  note?: string;
}

/**
 * Seconds after which a balancer has noticed at the latest that a member is gone: a check that is under way waits up to its time-out of 10 s, two more follow half a
 * second apart and wait 2 s for a connection each.
 */
export const NOTICED = 15;

const BOTH = ['nspawn', 'uml'] as const;
const NOBODY = (why: string): Allowance => ({ who: 'nobody', seconds: 0, why });
const IN_FLIGHT: Allowance = {
  who: 'in flight',
  seconds: NOTICED,
  why: `what the member was answering is lost with it; what cannot be connected goes to another member, and ${NOTICED} s later at the latest the balancer asks it no more`,
};

/** Every fault of the crash test. `docs/durability.md` shows this table, and a test compares the two. */
export const FAULTS: readonly Fault[] = [
  { name: 'worker', at: 'worker', what: 'SIGKILL to the worker', mended: 'a new worker is started', lasts: [0, 8], allowed: NOBODY('no request passes the worker'), drivers: BOTH },
  {
    name: 'run',
    at: 'worker',
    what: 'SIGKILL to the worker, every supervisor and Ansible, all at once',
    mended: 'a new worker is started',
    lasts: [0, 8],
    allowed: NOBODY('what is half-way on a member is out of the balancers\' sight'),
    drivers: BOTH,
  },
  { name: 'server', at: 'server', what: 'SIGKILL to the Temporal server; its database file stays', mended: 'it is started again', lasts: [0, 8], allowed: NOBODY('no request passes it'), drivers: BOTH },
  { name: 'terminate', at: 'operation', what: '`temporal workflow terminate`', mended: 'by the queue of the group', lasts: [0, 0], allowed: NOBODY('clearing up drains before it switches'), drivers: BOTH },
  { name: 'cancel', at: 'operation', what: 'the operation is cancelled, as by `musher cancel`', mended: 'it undoes what it did', lasts: [0, 0], allowed: NOBODY('undoing drains before it switches'), drivers: BOTH },
  { name: 'link-5', at: 'member', what: 'the cable of a member is pulled for 5 s', mended: 'it is plugged in again', lasts: [5, 5], allowed: IN_FLIGHT, drivers: BOTH },
  { name: 'link-45', at: 'member', what: 'the cable of a member is pulled for 45 s', mended: 'it is plugged in again', lasts: [45, 45], allowed: IN_FLIGHT, drivers: BOTH },
  { name: 'power-member', at: 'member', what: 'the power of a member is cut', mended: 'it boots again from its disk', lasts: [20, 40], allowed: IN_FLIGHT, drivers: BOTH },
  {
    name: 'power-storage',
    at: 'storage',
    what: 'the power of the storage is cut',
    mended: 'it boots again from its disk',
    lasts: [20, 40],
    allowed: { who: 'everybody', seconds: 60, why: 'every page of this load reads a shared file, which is on the storage alone' },
    drivers: ['uml'],
    note: 'a pack only: the cluster keeps nothing on a storage',
  },
  {
    name: 'power-balancer',
    at: 'balancer',
    what: 'the power of the balancer is cut',
    mended: 'it boots again from its disk',
    lasts: [5, 20],
    allowed: { who: 'everybody', seconds: 20, why: 'there is one balancer, and all requests pass it' },
    drivers: BOTH,
  },
  {
    name: 'disk-member',
    at: 'member',
    what: "a member's disk is filled to the last block",
    mended: 'the blocks are given back',
    lasts: [10, 30],
    allowed: NOBODY('pages are read, not written'),
    drivers: ['uml'],
    note: "an `nspawn` host's disk is the machine's own",
  },
  { name: 'disk-worker', at: 'disk', what: "the disk of the worker and the Temporal server (`$MUSHER_HOME`) is filled to the last block", mended: 'the blocks are given back', lasts: [5, 20], allowed: NOBODY('no request passes them'), drivers: BOTH },
  { name: 'freeze', at: 'worker', what: 'SIGSTOP to the worker, past its heartbeat', mended: 'SIGCONT', lasts: [7, 12], allowed: NOBODY('no request passes the worker'), drivers: BOTH },
];

export const faultOf = (name: FaultName): Fault => FAULTS.find((fault) => fault.name === name)!;

/** The table as Markdown. */
export function faultsAsMarkdown(): string {
  const allowed = ({ who, seconds, why }: Allowance): string =>
    ({ nobody: 'none', 'in flight': `those in flight, and for ${seconds} s`, everybody: `all, until ${seconds} s after it was mended` })[who] + `: ${why}`;
  const lines = FAULTS.map((fault) => {
    const [least, most] = fault.lasts;
    const after = most === 0 ? '' : `, after ${least === most ? least : `${least} to ${most}`} s`;
    return `| \`${fault.name}\` | ${fault.what} | ${fault.mended}${after} | ${allowed(fault.allowed)} | ${fault.drivers.join(', ')}${fault.note ? `: ${fault.note}` : ''} |`;
  });
  return ['| fault | what is done | how it is mended | requests that may fail | hosts |', '| --- | --- | --- | --- | --- |', ...lines].join('\n');
}
