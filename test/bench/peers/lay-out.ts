import { type BenchHost, KEEP, SHARED_PATHS } from './peer.ts';
import { onHost } from './ssh.ts';

/** As short as a time in milliseconds, and older than any. */
const OLDEST = 1_000_000_000_000;

/**
 * Makes what an environment has before it is measured, as Musher's provision and five small deploys do: its folders, and as many releases as
 * are kept, so that each deploy has one to remove. They are small, for the removal of a whole one would be paid by who comes next.
 */
export async function layOut(root: string, hosts: readonly BenchHost[]): Promise<void> {
  const shared = SHARED_PATHS.map((path) => `${root}/shared/${path}`).join(' ');
  const old = Array.from({ length: KEEP }, (_, n) => `${root}/releases/${OLDEST + n}/web`);
  const script = `mkdir -p ${shared} ${old.join(' ')}\n${old.map((folder) => `echo old >${folder}/index.php\n`).join('')}`;
  await Promise.all(hosts.map((host) => onHost(host, script)));
}
