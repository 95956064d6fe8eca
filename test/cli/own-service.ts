import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import { stopLocalService } from '../../client/local/service.ts';
import { endAll, musher, type Ended } from './musher.ts';

export const TEMPORAL = join(import.meta.dirname, '../../.venv/bin/temporal');
/** Servers and workers are started and killed. */
export const SLOW = 180_000;

/** A folder with a spec and the source of a site, and a local service of its own: for the tests of the file that calls this. @param main the command's file, where it is that of a copy. */
export function ownService(name: string, spec: string, main?: string) {
  const folder = join(tmpdir(), `musher-${name}-${randomBytes(4).toString('hex')}`);
  const home = join(folder, 'home');
  const environment = { MUSHER_HOME: home, XDG_CONFIG_HOME: join(folder, 'config') };
  beforeAll(() => {
    mkdirSync(folder, { mode: 0o700 });
    mkdirSync(join(folder, 'shop'));
    writeFileSync(join(folder, 'shop/index.html'), 'a page');
    writeFileSync(join(folder, 'musher.yml'), spec);
  });
  afterAll(async () => {
    endAll();
    await stopLocalService({ home });
    rmSync(folder, { recursive: true, force: true });
  }, SLOW);
  return {
    folder,
    home,
    environment,
    /** Runs a command of Musher's. */
    run: (...args: string[]): Promise<Ended> => musher(args, { cwd: folder, env: environment, ...(main !== undefined && { main }) }),
    /** Runs the bare `temporal` command on the service's server. */
    temporal: (...args: string[]) => promisify(execFile)(TEMPORAL, args, { env: { ...process.env, TEMPORAL_CONFIG_FILE: join(home, 'temporal.toml') } }),
  };
}

/** What a command printed with `--json`, a line an event. */
export const eventsIn = (stdout: string) => stdout.trim().split('\n').map((line) => JSON.parse(line) as { event: string; [field: string]: unknown });
