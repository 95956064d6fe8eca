import { installService, uninstallService } from '../../client/local/units/install.ts';
import { ensureLocalService, localServiceState, stopLocalService } from '../../client/local/service.ts';
import { openStateFolder } from '../../client/local/state-folder.ts';
import { tail } from '../../client/local/log-file.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import type { JsonOption } from '../options.ts';
import { print, printDocument, tell } from '../output/print.ts';
import { printable } from '../../contract/printable.ts';
import { renderInstalled } from '../views/render-installed.ts';

export type ServiceOptions = JsonOption;

/** `musher service status` */
export async function serviceStatus({ json }: ServiceOptions): Promise<ExitCode> {
  const state = localServiceState();
  if (json) printDocument(state);
  else {
    const { server, worker, folder, systemd } = state;
    const outdated = worker.current === false ? ' of another version; the next operation replaces it' : '';
    print(
      [
        `Temporal server  ${server.running ? `runs (pid ${server.pid}) at ${server.address}, namespace ${server.namespace}` : 'does not run'}`,
        `Worker           ${worker.running ? `runs (pid ${worker.pid})${outdated}` : 'does not run'}`,
        ...(server.running ? [`Web page         ${server.webUrl}`] : []),
        `State folder     ${folder}`,
        ...(systemd ? [`systemd          ${systemd.scope} units ${systemd.server} and ${systemd.worker}`] : []),
      ].join('\n'),
    );
  }
  return ExitCode.done;
}

/** `musher service start` */
export async function serviceStart(options: ServiceOptions): Promise<ExitCode> {
  const { connection } = await ensureLocalService({ onWait: (what) => !options.json && tell(`${what} …`) });
  await connection.close();
  return serviceStatus(options);
}

/** `musher service stop` */
export async function serviceStop(options: ServiceOptions): Promise<ExitCode> {
  await stopLocalService();
  return serviceStatus(options);
}

/** `musher service install` */
export async function serviceInstall({ json }: ServiceOptions): Promise<ExitCode> {
  const done = await installService({ onWait: (what) => !json && tell(`${what} …`) });
  if (json) printDocument(done);
  else print(renderInstalled(done));
  return ExitCode.done;
}

/** `musher service uninstall` */
export async function serviceUninstall({ json }: ServiceOptions): Promise<ExitCode> {
  const systemd = await uninstallService();
  if (json) printDocument({ removed: systemd ?? null });
  else print(systemd ? `Stopped and removed: ${systemd.server} and ${systemd.worker}. The next operation starts a service of its own.` : 'Nothing to do: no units are installed.');
  return ExitCode.done;
}

/** `musher service logs` */
export async function serviceLogs(which = 'worker', { lines, json }: ServiceOptions & { lines: string }): Promise<ExitCode> {
  if (which !== 'worker' && which !== 'server') throw new CommandError(`There are two logs, "worker" and "server", and none of ${JSON.stringify(which)}.`);
  if (!/^[1-9]\d{0,5}$/.test(lines)) throw new CommandError('--lines takes a number from 1 to 999999.');
  const folder = openStateFolder();
  const file = which === 'worker' ? folder.workerLog : folder.serverLog;
  const end = tail(file, Number(lines) * 400).trimEnd().split('\n').slice(-Number(lines)).map(printable);
  if (json) printDocument({ file, lines: end });
  else print(end.join('\n'));
  return ExitCode.done;
}
