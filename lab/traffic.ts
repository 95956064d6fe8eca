import { execa } from 'execa';
import type { Lab } from './lab.ts';

interface Link {
  stats64?: { tx: { bytes: number } };
}

/** Bytes that this machine has sent to a lab's hosts so far. */
export async function sentFromHere(lab: Lab): Promise<number> {
  const { stdout } = await execa('ip', ['-json', '-statistics', 'link', 'show', `musher-lab-${lab.state.number}`]);
  return sent(stdout);
}

/** Bytes that a host has sent through its own network since it booted. */
export async function sentBy(lab: Lab, host: string): Promise<number> {
  const { stdout } = await lab.root(host, ['ip', '-json', '-statistics', 'address', 'show', 'to', lab.host(host).address]);
  return sent(stdout);
}

function sent(links: string): number {
  const bytes = (JSON.parse(links) as Link[])[0]?.stats64?.tx.bytes;
  if (bytes === undefined) throw new Error(`ip told no statistics: ${links}`);
  return bytes;
}
