import { execa } from 'execa';
import { consoleOf, type HostPlace } from './driver.ts';

/** Enters the groups given before `--`, and becomes the words after the log's name. */
const enterGroups = `
  while [ "$1" != -- ]; do echo $$ >"$1"; shift; done
  exec </dev/null >>"$2" 2>&1
  shift 2
  exec "$@"`;

/** Starts a command in a host's groups and folder: in a session of its own and nobody's child, for hosts outlive the program that starts them. */
export async function startDetached(host: HostPlace, groups: string[], command: string[], env: Record<string, string> = {}): Promise<void> {
  const words = ['--fork', 'sh', '-ec', enterGroups, 'host', ...groups, '--', consoleOf(host), ...command];
  await execa('setsid', words, { stdio: 'ignore', cwd: host.folder, env });
}
