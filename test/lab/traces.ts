import { readdirSync, readFileSync } from 'node:fs';
import type { Site } from './site.ts';

/** Configuration, releases and what runs, of every host: path, mode, owner and content under the folders that Musher writes to. */
export async function fingerprint(site: Site): Promise<Record<string, string>> {
  const script = `for folder in /etc/nginx /etc/musher /etc/haproxy /etc/systemd/system /etc/passwd /etc/php /etc/logrotate.d /var/lib/musher/current; do
    [ -e $folder ] && find $folder \\( -type f -o -type l \\) -printf '%p %m %u %g %l ' -exec sh -c '[ -L "$1" ] || sha256sum <"$1"' _ {} \\; -exec echo \\;
  done | sort; ls -A /var/aegir/projects/*/*/releases 2>/dev/null
  systemctl list-units --type=service --state=active --plain --no-legend 'nginx*' 'haproxy*' 'musher*' 'php*' | awk '{print $1, $3, $4}' | sort`;
  return onEachHost(site, script);
}

/** What is left of an operation's work that still runs: commands of this machine, and by host what its gate let in, what copies files and what hooks started. */
export async function stillRunning(site: Site): Promise<Record<string, string>> {
  // Of hooks: their program, and the `sleep` that those of the tests consist of.
  const script = `grep -lz '^MUSHER_TOKEN=' /proc/[0-9]*/environ 2>/dev/null | while read -r file; do tr '\\0' ' ' <"\${file%environ}cmdline"; echo; done
    pgrep -ax 'rsync|sleep'; pgrep -af 'once\\.py'; systemctl list-units --state=active,activating,deactivating --plain --no-legend 'musher-once*'; true`;
  const here = processes((environment) => environment.includes(`MUSHER_RUN=${site.home}/runs/`)).map(({ command }) => command);
  const left = await onEachHost(site, script);
  const all: Record<string, string> = { 'this machine': here.join('\n'), ...left };
  return Object.fromEntries(Object.entries(all).filter(([, commands]) => commands !== ''));
}

/** Processes of this machine that were started in an environment like this. */
export function processes(matches: (environment: string) => boolean): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && matches(readText(`/proc/${name}/environ`)))
    .map((name) => ({ pid: Number(name), command: readText(`/proc/${name}/cmdline`).replaceAll('\0', ' ') }));
}

async function onEachHost(site: Site, script: string): Promise<Record<string, string>> {
  const entries = await Promise.all(Object.keys(site.lab.hosts).map(async (host) => [host, (await site.lab.root(host, ['sh', '-c', script])).stdout] as const));
  return Object.fromEntries(entries);
}

/** A file's text; empty where there is none, or no process any more. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
