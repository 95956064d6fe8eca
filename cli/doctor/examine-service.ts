import { connect } from '../../client/connect.ts';
import { localServiceState } from '../../client/local/service.ts';
import { findings, type Finding } from './finding.ts';

const { ok, warning, failed } = findings('service');

/** Looks at Temporal and the worker, without starting anything. */
export async function examineService(): Promise<Finding[]> {
  const { server, worker } = localServiceState();
  if (!server.running && !process.env['TEMPORAL_ADDRESS']) return [ok('Temporal', 'the local service does not run; the next operation starts it')];
  try {
    const connected = await connect({ waitForWorker: false });
    try {
      if (!connected.local) return [ok('Temporal', `answers at ${connected.address}, namespace ${connected.namespace}`)];
    } finally {
      await connected.close();
    }
  } catch (error) {
    return [failed('Temporal', 'cannot be reached', (error as Error).message)];
  }
  const temporal = ok('Temporal', `answers at ${server.address}`);
  if (!worker.running) return [temporal, warning('worker', 'does not run', 'The next operation starts it; or run "musher service start".')];
  return [temporal, worker.current ? ok('worker', `runs (pid ${worker.pid})`) : warning('worker', 'is of another version', 'The next operation replaces it; or run "musher service start".')];
}
