import { execFile } from 'node:child_process';
import { isIP } from 'node:net';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How the lab names the outer ends of its networks. */
const LAB_DEVICE = /^musher-lab-\d+$/;

interface Route {
  type?: string;
  dev?: string;
  gateway?: string;
}

/**
 * Throws unless the address is this machine's own loopback or is reached directly through a lab's device:
 * a load started outside of a lab by mistake would otherwise leave the machine.
 */
export async function refuseOutsideLab(address: string): Promise<void> {
  if (!isIP(address)) throw new Error(`load refused: ${JSON.stringify(address)} is not an IP address`);
  const { stdout } = await run('ip', ['-json', 'route', 'get', address]).catch(() => ({ stdout: '[]' }));
  const [route] = JSON.parse(stdout) as Route[];
  const device = route?.dev ?? 'nowhere';
  if (route && !route.gateway && (device === 'lo' || LAB_DEVICE.test(device))) return;
  const way = route?.gateway ? `${device} and the gateway ${route.gateway}` : device;
  throw new Error(`load refused: ${address} is reached through ${way}, not through a lab's network. Is the lab up?`);
}
