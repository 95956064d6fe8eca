import type { CommandOptions, CommandResult } from './lab.ts';

/** Runs a command in a host as root, without its network. */
export type Root = (words: readonly string[], options?: CommandOptions) => Promise<CommandResult>;

const filler = '/var/lib/lab-filler';

/** Delays everything that the host sends by `ms` milliseconds, until it reboots; 0 ends it. `where` is the host in an error. */
export async function delayLink(root: Root, device: string, ms: number, where: string): Promise<void> {
  if (!Number.isInteger(ms) || ms < 0 || ms > 60_000) throw new Error(`A delay is 0 to 60000 whole milliseconds, not ${ms}`);
  const { stdout } = await root(['tc', 'qdisc', 'show', 'dev', device, 'root']);
  if (ms === 0) {
    if (stdout.includes('netem')) await root(['tc', 'qdisc', 'delete', 'dev', device, 'root']);
    return;
  }
  // The default queue is so short that a slow link would lose what is sent fast.
  const { exitCode, stderr } = await root(['tc', 'qdisc', 'replace', 'dev', device, 'root', 'netem', 'delay', `${ms}ms`, 'limit', '100000'], { reject: false });
  if (exitCode === 0) return;
  if (/qdisc kind is unknown/i.test(stderr)) throw new Error(`${where} cannot have a slow link: its kernel has no netem (module sch_netem). Hosts of the driver uml have it`);
  throw new Error(`${where} cannot have a slow link: ${stderr}`);
}

/** Leaves no free block on the host's disk. */
export async function fillDisk(root: Root): Promise<void> {
  // All there is at once, then the rest bit by bit. What is written takes its place only with a sync, and less of it than was set aside.
  const script = `
    fallocate --length "$(df --output=avail --block-size=1 / | tail -1)" "$0" 2>/dev/null || :
    for pass in 1 2 3; do
      while dd if=/dev/zero of="$0" bs=4096 count=64 oflag=append conv=notrunc,fsync status=none 2>/dev/null; do :; done
      sync "$0"
    done
    test "$(df --output=avail --block-size=1 / | tail -1)" -eq 0`;
  await root(['sh', '-c', script, filler]);
}

/** Gives back what `fillDisk` took. */
export async function freeDisk(root: Root): Promise<void> {
  await root(['rm', '-f', filler]);
}

/** Stops (SIGSTOP) every process of the host that has this name; `where` is the host in an error. */
export async function freeze(root: Root, name: string, where: string): Promise<void> {
  if (!(await signal(root, 'STOP', name))) throw new Error(`No process named ${name} runs on ${where}`);
  const { stdout } = await root(['pgrep', '--exact', '--runstates', 'RSD', '--', pattern(name)], { reject: false });
  if (stdout) throw new Error(`${where} cannot freeze ${name}: ${stdout.replaceAll('\n', ', ')} ran on (a thread of the kernel heeds no signal)`);
}

/** Lets every process of this name go on. */
export async function thaw(root: Root, name: string, where: string): Promise<void> {
  if (!(await signal(root, 'CONT', name))) throw new Error(`No process named ${name} runs on ${where}`);
}

/** Whether there was one to send it to. */
async function signal(root: Root, kind: 'STOP' | 'CONT', name: string): Promise<boolean> {
  const { exitCode, stderr } = await root(['pkill', `-${kind}`, '--exact', '--', pattern(name)], { reject: false });
  if (exitCode !== 0 && exitCode !== 1) throw new Error(`pkill: ${stderr}`);
  return exitCode === 0;
}

/** The kernel keeps the first 15 letters of a process's name, and pkill reads an expression. */
function pattern(name: string): string {
  return name.slice(0, 15).replaceAll(/[^\w-]/g, '[$&]');
}
