import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { openNursery } from '../activities/ansible/nursery.ts';
import { CHANNEL } from '../client/channel.ts';
import { openStateFolder } from '../client/local/state-folder.ts';
import { workflowBundle } from './bundle.ts';
import { createTurnWorker, createWorker } from './create-worker.ts';
import { namespaceIdOf } from './namespace-id.ts';
import { startReaper } from './reaper.ts';
import { activitySettings } from './settings.ts';

try {
  await work();
} catch (error) {
  const debug = process.env['MUSHER_DEBUG'] || !(error instanceof Error);
  console.error(debug ? error : `musher worker: ${error.message}`);
  // Connections that are open would keep the process.
  process.exit(1);
}

/** Takes work until it is told to go. */
async function work(): Promise<void> {
  // SIGTERM lets the worker go; runs of Ansible stay, and the next worker takes them up.
  Runtime.install({ shutdownSignals: ['SIGTERM', 'SIGINT'], logger: new DefaultLogger('WARN') });

  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const folder = openStateFolder();
  const settings = activitySettings();
  openNursery(settings.run);
  const bundle = await workflowBundle(join(folder.path, 'bundles'));
  const connection = await NativeConnection.connect(connectionOptions).catch((error: unknown) => {
    const why = /message: "([^"]+)"/.exec(String(error))?.[1] ?? String(error);
    throw new Error(`Temporal at ${connectionOptions.address ?? 'its usual address'} cannot be reached: ${why}. Look at TEMPORAL_ADDRESS, or the profile that you use, and whether the server runs.`, { cause: error });
  });
  const client = new Client({ connection: await Connection.connect({ ...connectionOptions, channelArgs: CHANNEL }), namespace });
  settings.run.namespaceId = await namespaceIdOf(client);
  const worker = await createWorker({ connection, namespace, bundle }, settings);
  const turns = await createTurnWorker({ connection, namespace }, client, settings);
  const stopReaper = startReaper(client, settings.run, [folder.workerLog, folder.serverLog]);
  console.log('worker ready');
  await Promise.all([worker.run(), turns.run()]);
  stopReaper();
  await client.connection.close();
  await connection.close();
}
