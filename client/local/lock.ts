import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalServiceError } from './local-service-error.ts';
import { identify, isAlive } from './process-identity.ts';

/**
 * Runs `action` while no other process does so for the same folder; waits for its turn.
 *
 * Who wants in writes a file named after itself, then looks: alone, it is in; else it withdraws and asks again
 * a little later. Since everybody writes before looking, two are never in at once, and what a dead process
 * left is known by its name and holds nobody up.
 *
 * @param doing what the holder does, for the message.
 * @throws {LocalServiceError} the turn did not come within `seconds`.
 */
export async function withLock<T>(folder: string, action: () => Promise<T>, seconds = 90, doing = 'starting or stopping the local service'): Promise<T> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { pid, started } = identify(process.pid)!;
  const own = `${pid} ${started} ${randomUUID()}`;
  for (const until = Date.now() + seconds * 1000; ; ) {
    writeFileSync(join(folder, own), '');
    const others = readdirSync(folder).filter((name) => name !== own && !isLeftOver(folder, name));
    if (others.length === 0) break;
    rmSync(join(folder, own));
    if (Date.now() > until) {
      const holder = others[0]!.split(' ')[0];
      throw new LocalServiceError(`Process ${holder} has been ${doing} for ${seconds} s. Wait for it, or look at what it does ("ps -fp ${holder}") and end it.`);
    }
    await sleep(20 + Math.random() * 100);
  }
  try {
    return await action();
  } finally {
    rmSync(join(folder, own), { force: true });
  }
}

function isLeftOver(folder: string, name: string): boolean {
  const [pid, ...rest] = name.split(' ');
  if (isAlive({ pid: Number(pid), started: rest.slice(0, -1).join(' ') })) return false;
  rmSync(join(folder, name), { force: true });
  return true;
}
