import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** One file for each subnet in use on this machine, holding the folder of the lab that has it; gone with a reboot, like the network itself. */
const claims = '/run/musher-lab';

/**
 * Claims a subnet (10.77.N.0/24) for the lab in `folder`: the one it has, else the wanted one, else a free one. Gives N.
 * Throws when the wanted one is another lab's, or none is free.
 */
export async function claimSubnet(folder: string, wanted?: number): Promise<number> {
  await mkdir(claims, { recursive: true });
  const own = await claimedBy(folder);
  if (own !== undefined && (wanted === undefined || wanted === own)) return own;
  if (own !== undefined) throw new Error(`This lab has the subnet 10.77.${own}; take it down before you give it another`);
  const routed = (await execa('ip', ['-4', 'route', 'show', 'table', 'all'])).stdout;
  const candidates = wanted === undefined ? Array.from({ length: 250 }, (_, index) => index + 1) : [wanted];
  for (const number of candidates) {
    if (!routed.includes(`10.77.${number}.`) && (await claim(folder, number))) return number;
  }
  throw new Error(wanted === undefined ? 'No subnet 10.77.N is free on this machine' : `The subnet 10.77.${wanted} is in use on this machine`);
}

/** The number of the subnet that the lab in `folder` has now; undefined when it has none. */
export async function claimedBy(folder: string): Promise<number | undefined> {
  const files = await readdir(claims).catch(() => []);
  for (const file of files.filter((name) => /^\d+$/.test(name))) {
    if ((await readFile(join(claims, file), 'utf8').catch(() => '')) === folder) return Number(file);
  }
  return undefined;
}

export async function releaseSubnet(number: number): Promise<void> {
  await rm(join(claims, String(number)), { force: true });
}

async function claim(folder: string, number: number): Promise<boolean> {
  const draft = join(claims, `.${randomUUID()}`);
  await writeFile(draft, folder);
  try {
    // A link is made whole or not at all, and only where there is none: the claim is never seen empty, nor made twice.
    await link(draft, join(claims, String(number)));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft);
  }
}
