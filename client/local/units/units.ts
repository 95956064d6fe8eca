import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { execa } from 'execa';
import { program } from '../installation.ts';
import { LocalServiceError } from '../local-service-error.ts';
import { statePath } from '../state-folder.ts';
import { unitText, unitWords } from './unit-text.ts';

const SYSTEM_FOLDER = '/etc/systemd/system';

/** What systemd runs: the local server and worker of one state folder. */
export interface Units {
  /** Root's are the machine's own; those of any other user belong to the user's manager, which lingers from boot to shutdown. */
  scope: 'system' | 'user';
  folder: string;
  server: string;
  worker: string;
}

/** The units of a state folder, whether they are installed or not. */
export function unitsOf(home: string): Units {
  const scope = userInfo().uid === 0 ? 'system' : 'user';
  // A state folder in another place is another service.
  const stem = home === statePath({}) ? 'musher' : `musher-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`;
  const folder = scope === 'system' ? SYSTEM_FOLDER : join(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'systemd/user');
  return { scope, folder, server: `${stem}-server.service`, worker: `${stem}-worker.service` };
}

export function installedUnits(home: string): Units | undefined {
  const units = unitsOf(home);
  return existsSync(join(units.folder, units.worker)) ? units : undefined;
}

/** Writes both units and has systemd read them. */
export async function writeUnits(home: string): Promise<void> {
  const units = unitsOf(home);
  mkdirSync(units.folder, { recursive: true });
  for (const which of ['server', 'worker'] as const) {
    const path = join(units.folder, units[which]);
    writeFileSync(`${path}.partial`, unitText(which, units, home, startOf(which)), { mode: 0o644, flush: true });
    renameSync(`${path}.partial`, path);
  }
  await systemctl(units, 'daemon-reload');
}

/** Writes them again where they start a Musher that is installed elsewhere: who gives a command decides which version works. */
export async function refreshUnits(units: Units, home: string): Promise<void> {
  const isOurs = (which: 'server' | 'worker') => readFileSync(join(units.folder, units[which]), 'utf8').includes(`ExecStart=${unitWords(startOf(which))}\n`);
  if (!isOurs('server') || !isOurs('worker')) await writeUnits(home);
}

export async function removeUnits(units: Units): Promise<void> {
  await systemctl(units, 'disable', '--quiet', units.worker, units.server);
  for (const name of [units.worker, units.server]) rmSync(join(units.folder, name), { force: true });
  await systemctl(units, 'daemon-reload');
}

const startOf = (which: 'server' | 'worker'): string[] => [process.execPath, program('client/local/units/become'), which];

/** @throws {LocalServiceError} systemd refused. */
export async function systemctl({ scope, worker }: Units, ...words: string[]): Promise<string> {
  const own = scope === 'user' ? ['--user'] : [];
  // A shell of `su` or cron has none, though the user's manager runs.
  const env = scope === 'user' ? { XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'] ?? `/run/user/${userInfo().uid}` } : {};
  const { failed, stdout, stderr, shortMessage } = await execa('systemctl', [...own, ...words], { env, reject: false, stdin: 'ignore' });
  if (failed) throw new LocalServiceError(`systemd refused it: ${stderr.trim() || shortMessage}. Look at "systemctl ${[...own, 'status', worker].join(' ')}".`);
  return stdout.trim();
}
