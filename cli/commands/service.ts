import { ensureLocalService, localServiceState, stopLocalService } from '../../client/local/service.ts';
import { openStateFolder } from '../../client/local/state-folder.ts';
import { tail } from '../../client/local/log-file.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import type { JsonOption } from '../options.ts';
import { print, printDocument, tell } from '../output/print.ts';
import { printable } from '../output/printable.ts';

export type ServiceOptions = JsonOption;

/** `musher service status` */
export async function serviceStatus({ json }: ServiceOptions): Promise<ExitCode> {
  const state = localServiceState();
  if (json) printDocument(state);
  else {
    const { server, worker, folder } = state;
    const outdated = worker.current === false ? ' of another version; the next operation replaces it' : '';
    print(
      [
        `Temporal server  ${server.running ? `runs (pid ${server.pid}) at ${server.address}, namespace ${server.namespace}` : 'does not run'}`,
        `Worker           ${worker.running ? `runs (pid ${worker.pid})${outdated}` : 'does not run'}`,
        ...(server.running ? [`Web page         ${server.webUrl}`] : []),
        `State folder     ${folder}`,
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
