import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrivateHost } from './private-host.ts';
import { runModule, type ModuleResult } from './run-module.ts';

/** systemd's command for mount units: what fstab says of a path is mounted there, by a file system in memory in the place of NFS. */
const SYSTEMCTL = `
echo "$@" >> $FOLDER/told
case "$1" in
  start)
    [ ! -e $FOLDER/broken ] || { echo 'Job failed' >&2; exit 1; }
    path=$(awk '$3 == "nfs" {print $2}' /etc/fstab | head -1)
    mount -t tmpfs -o mode=755 storage "$path" ;;
  stop) [ "$(awk '$3 == "nfs"' /etc/fstab)" ] || { echo 'Unit not loaded' >&2; exit 5; } ;;
  show) printf 'LoadState=loaded\\nActiveState=inactive\\nUnitFileState=disabled\\nInvocationID=\\nJob=\\nMainPID=0\\n' ;;
esac
`;

/** Mounts a file system at a path that never answers, as that of a storage that is gone. */
const DEAD = `
import ctypes, os, sys, time
device = os.open('/dev/fuse', os.O_RDWR)
options = 'fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other' % device
if ctypes.CDLL(None, use_errno=True).mount(b'dead', sys.argv[1].encode(), b'fuse', 0, options.encode()):
    raise OSError(ctypes.get_errno(), 'mount')
print('mounted', flush=True)
time.sleep(1000)
`;

/** A server whose fstab and mounts are its own, with a folder for its environments. */
export class FilesHost {
  readonly host: PrivateHost;
  readonly folder: string;

  private constructor(host: PrivateHost, folder: string) {
    this.host = host;
    this.folder = folder;
  }

  static async start(): Promise<FilesHost> {
    const folder = await mkdtemp(join(tmpdir(), 'musher-files-'));
    await mkdir(join(folder, 'bin'));
    await mkdir(join(folder, 'live'));
    await writeFile(join(folder, 'bin/systemctl'), `#!/bin/sh\nFOLDER=${folder}\n${SYSTEMCTL}`);
    await writeFile(join(folder, 'bin/journalctl'), '#!/bin/sh\necho mount.nfs: Connection refused\n');
    for (const name of ['systemctl', 'journalctl']) await chmod(join(folder, 'bin', name), 0o755);
    await writeFile(join(folder, 'dead.py'), DEAD);
    const host = await PrivateHost.start();
    const started = new FilesHost(host, folder);
    await started.sh('mkdir /mnt/etc /mnt/etc-work; mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/etc,workdir=/mnt/etc-work /etc; echo "# mine, # and mine" > /etc/fstab');
    return started;
  }

  /** Where the shared files of its environment are. */
  get shared(): string {
    return join(this.folder, 'live/shared');
  }

  /** What a command printed; throws where it failed. */
  async sh(command: string): Promise<string> {
    const ended = await this.host.run(['sh', '-euc', command], { env: this.#environment });
    if (ended.exitCode !== 0) throw new Error(`${command}: ${ended.stderr}`);
    return ended.stdout.trim();
  }

  module(name: string, args: object): Promise<ModuleResult> {
    return runModule(name, args, this.#environment, this.host);
  }

  async mountDead(path: string): Promise<void> {
    await this.sh(`python3 ${this.folder}/dead.py ${path} > ${this.folder}/dead.log 2>&1 & until grep -q mounted ${this.folder}/dead.log; do sleep 0.05; done`);
  }

  async stop(): Promise<void> {
    await this.host.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  get #environment(): Record<string, string> {
    return { PATH: `${this.folder}/bin:${process.env['PATH']}` };
  }
}
