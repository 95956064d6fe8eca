import { execa } from 'execa';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const GATE_FILES = join(import.meta.dirname, '../../playbooks/roles/gate/files');

export interface Ended {
  stdout: string;
  stderr: string;
  exitCode?: number | undefined;
  signal?: string | undefined;
}

/**
 * This machine with processes, /var/lib, /var/cache, /usr/local/lib and /run of its own (of /var/lib it knows the packages alone): what is installed, recorded or stopped in it
 * does not touch the machine. It ends with this process. Needs root.
 */
export class PrivateHost {
  readonly #holder;
  readonly #init: string;

  private constructor(holder: ReturnType<typeof hold>, init: string) {
    this.#holder = holder;
    this.#init = init;
  }

  static async start(): Promise<PrivateHost> {
    const holder = hold();
    await once(holder.stdout, 'data');
    const init = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim();
    return new PrivateHost(holder, init);
  }

  /** Runs a program in it and says how it ended; does not throw for a status that is not 0. */
  async run(command: string[], options: { env?: Record<string, string>; cwd?: string; input?: string } = {}): Promise<Ended> {
    return execa('nsenter', ['--target', this.#init, '--mount', '--pid', ...(options.cwd ? [`--wd=${options.cwd}`] : []), '--', ...command], {
      ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
      reject: false,
      timeout: 60_000,
      killSignal: 'SIGKILL',
      env: { MUSHER_TOKEN: undefined, ...options.env },
    });
  }

  /** Installs the gate as its role does. @param python of its files for Python those that it is to have. */
  async installGate(...python: string[]): Promise<void> {
    const install = 'cd "$0"; install -D -m 755 gate /usr/local/lib/musher/gate; install -D -m 644 -t /usr/local/lib/musher/python "$@"; mkdir -p -m 700 /var/lib/musher/gate';
    const { exitCode, stderr } = await this.run(['sh', '-euc', install, GATE_FILES, ...python]);
    if (exitCode !== 0) throw new Error(`the gate was not installed: ${stderr}`);
  }

  /** Ends every process in it. */
  async stop(): Promise<void> {
    this.#holder.kill('SIGKILL');
    await this.#holder;
  }
}

function hold() {
  const furnish = `
    mount -t tmpfs tmpfs /run
    mount -t tmpfs tmpfs /mnt
    mkdir /mnt/dpkg
    mount --bind /var/lib/dpkg /mnt/dpkg
    mount -t tmpfs tmpfs /var/lib
    mkdir /var/lib/dpkg
    own() { mkdir -p /mnt/$1/upper /mnt/$1/work; mount -t overlay overlay -o lowerdir=$2,upperdir=/mnt/$1/upper,workdir=/mnt/$1/work $3; }
    own packages /mnt/dpkg /var/lib/dpkg
    own programs /usr/local/lib /usr/local/lib
    own cache /var/cache /var/cache
    echo ready
    exec cat`;
  return execa('unshare', ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-euc', furnish], {
    stdin: 'pipe',
    reject: false,
    buffer: false,
  });
}

/** Waits until CONDITION holds; throws after some seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; !(await condition()); round += 1) {
    if (round > 400) throw new Error(`Waited in vain: ${String(condition)}`);
    await sleep(25);
  }
}
