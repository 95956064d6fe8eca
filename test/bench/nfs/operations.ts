import type { Lab } from '../../../lab/lab.ts';

/**
 * How many NFS operations a host has asked for below a mount point so far, by /proc/self/mountstats: each line of its per-operation statistics
 * begins with the operation's name and how often it was asked.
 */
export async function operationsOf(lab: Lab, host: string, mountPoint: string): Promise<number> {
  const { stdout } = await lab.root(host, ['cat', '/proc/self/mountstats']);
  const [, own] = stdout.split(/^device /m).flatMap((part) => (part.includes(` mounted on ${mountPoint} `) ? part.split('per-op statistics') : []));
  if (own === undefined) throw new Error(`${host} has no NFS mounted on ${mountPoint}`);
  return [...own.matchAll(/^\s+[A-Z_]+: (\d+) /gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}
