import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { LocalServiceError } from '../local-service-error.ts';
import { pythonCommand, temporalCommand } from '../python-environment.ts';
import { ensureLocalService, stopLocalService, type LocalServiceOptions } from '../service.ts';
import { readRecord, writeRecord } from '../service-record.ts';
import { openStateFolder, statePath } from '../state-folder.ts';
import { keysWithoutAgent, type KeyWithoutAgent } from './keys-without-agent.ts';
import { installedUnits, removeUnits, systemctl, unitsOf, writeUnits, type Units } from './units.ts';

export interface InstalledService {
  systemd: Pick<Units, 'scope' | 'server' | 'worker'>;
  /** The keys that SSH tries by itself, and whether they open without a passphrase. */
  keys: KeyWithoutAgent[];
  /** Variables for the worker; the file need not be there. */
  environmentFile: string;
}

/**
 * Hands the local server and worker to systemd, and starts them; installed units are written anew.
 * Root's become units of the machine, those of others units of the user, whose manager is told to linger.
 *
 * @throws {LocalServiceError} the machine has no systemd, or it refuses; or something is missing that they need.
 */
export async function installService(options: LocalServiceOptions = {}): Promise<InstalledService> {
  if (!existsSync('/run/systemd/system')) throw new LocalServiceError('This machine does not run systemd. Without it the service starts with the first command after a boot.');
  const { path } = openStateFolder(options.home);
  pythonCommand(path);
  temporalCommand(path);
  const units = unitsOf(path);
  if (units.scope === 'user') await linger();
  await writeUnits(path);
  await systemctl(units, 'enable', '--quiet', units.server, units.worker);
  // What a command started goes, with the environment that it has.
  await stopLocalService({ home: path });
  await (await ensureLocalService(options)).connection.close();
  return { systemd: shortly(units), keys: await keysWithoutAgent(), environmentFile: join(path, 'worker.env') };
}

/** Stops both and takes their units away. @returns what was there. */
export async function uninstallService({ home }: Pick<LocalServiceOptions, 'home'> = {}): Promise<InstalledService['systemd'] | undefined> {
  const path = home ?? statePath();
  const units = installedUnits(path);
  if (!units) return undefined;
  const folder = openStateFolder(path);
  await stopLocalService({ home: path });
  await removeUnits(units);
  // Nobody wanted it stopped for good.
  const { stopped: _, ...record } = readRecord(folder.service);
  writeRecord(folder.service, record);
  return shortly(units);
}

const shortly = ({ scope, server, worker }: Units): InstalledService['systemd'] => ({ scope, server, worker });

/** Has the user's own systemd run from boot to shutdown. @throws {LocalServiceError} it is not allowed, or does not come. */
async function linger(): Promise<void> {
  const { uid, username } = userInfo();
  if (!existsSync(join('/var/lib/systemd/linger', username))) {
    const { failed, stderr } = await execa('loginctl', ['enable-linger'], { reject: false, stdin: 'ignore' });
    if (failed) throw new LocalServiceError(`What you run may not go on after you have logged out (${stderr.trim()}). Allow it as root with "loginctl enable-linger ${username}", then run "musher service install" again.`);
  }
  const socket = `/run/user/${uid}/systemd/private`;
  for (const until = Date.now() + 10_000; !existsSync(socket); await sleep(100)) {
    if (Date.now() > until) throw new LocalServiceError(`Your own systemd does not run, though it may. See as root "systemctl status user@${uid}"; on Debian it needs the packages libpam-systemd and dbus-user-session.`);
  }
}
