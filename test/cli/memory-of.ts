import { readdirSync, readFileSync } from 'node:fs';

/**
 * Megabytes that the worker of a state folder holds with all that it has started: the warm process that runs are forked from, its forks, Ansible and ssh.
 * What processes share is counted once (the kernel's "proportional set size"): forks share most with what they were forked from.
 *
 * @param home the state folder, by whose path its processes are known.
 * @param others processes that have to do with it and are not the worker's.
 */
export function memoryOfWorker(home: string, others: readonly number[]): { processes: string[]; megabytes: number } {
  const own = readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || [...others, process.pid].includes(Number(pid))) return [];
    const command = read(pid, 'cmdline');
    if (!(command + read(pid, 'environ')).includes(home)) return [];
    const held = /^Pss:\s+(\d+) kB/m.exec(read(pid, 'smaps_rollup'));
    return held ? [{ command: command.replaceAll('\0', ' '), kilobytes: Number(held[1]) }] : [];
  });
  return { processes: own.map(({ command }) => command), megabytes: own.reduce((sum, { kilobytes }) => sum + kilobytes, 0) / 1024 };
}

/** '' for a process that has ended meanwhile. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
