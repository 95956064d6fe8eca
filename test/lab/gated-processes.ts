import { readdirSync, readlinkSync } from 'node:fs';
import { readText } from './traces.ts';

const GATE = '/usr/local/lib/musher/gate';

/** A process that a host's gate let in, or one of the gate itself. */
export interface GatedProcess {
  pid: number;
  /** Of its host. */
  namespace: string;
  token: string;
  /** False: it is the gate, which is still deciding, or something that the gate calls. */
  isAdmitted: boolean;
}

/** The namespace of a process: that of the host whose first process it is. */
export const namespaceOf = (pid: number): string => readlinkSync(`/proc/${pid}/ns/pid`);

/** What has passed the gates of hosts for a scope, on all nspawn hosts of this machine. */
export function gatedProcesses(scope: string): GatedProcess[] {
  const found = new Map<number, { token: string; parent: number; isGate: boolean; namespace: string }>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const token = marked(readText(`/proc/${name}/environ`), scope);
    if (token === undefined) continue;
    const stat = readText(`/proc/${name}/stat`);
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === undefined || state === 'Z' || state === 'X') continue;
    const command = readText(`/proc/${name}/cmdline`);
    if (command === '') continue;
    const isGate = command.split('\0')[1] === GATE;
    try {
      found.set(Number(name), { token, parent: Number(parent), isGate, namespace: namespaceOf(Number(name)) });
    } catch {
      // It has ended since.
    }
  }
  const isOfGate = (pid: number): boolean => {
    const one = found.get(pid);
    return one !== undefined && (one.isGate || isOfGate(one.parent));
  };
  return [...found].map(([pid, { token, namespace }]) => ({ pid, namespace, token, isAdmitted: !isOfGate(pid) }));
}

const marked = (environment: string, scope: string): string | undefined => {
  const mark = `MUSHER_TOKEN=${scope}:`;
  return environment.split('\0').find((variable) => variable.startsWith(mark))?.slice(mark.length);
};

/** Whether token `a` is older than token `b`. */
export function isOlder(a: string, b: string): boolean {
  const [left, right] = [a, b].map((token) => token.split('.').map(Number)) as [number[], number[]];
  const index = left.findIndex((number, at) => number !== right[at]);
  return index >= 0 && left[index]! < right[index]!;
}
