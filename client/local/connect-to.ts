import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { CHANNEL } from '../channel.ts';
import { LOOPBACK } from './local-server.ts';
import { LocalServiceError } from './local-service-error.ts';
import { tail } from './log-file.ts';
import { isAlive, type ProcessIdentity } from './process-identity.ts';

const ANSWER_MS = 10_000;
const START_MS = 60_000;

/** A connection to a local server that answers; undefined when it does not within 10 s. */
export async function answering(port: number): Promise<Connection | undefined> {
  try {
    return await Connection.connect({ address: `${LOOPBACK}:${port}`, connectTimeout: ANSWER_MS, channelArgs: CHANNEL });
  } catch {
    return undefined;
  }
}

/**
 * Waits for the answer of a local server that was just started.
 *
 * @throws {LocalServiceError} it ended, or does not answer within 60 s.
 */
export async function untilAnswering(server: ProcessIdentity, port: number, log: string): Promise<Connection> {
  for (const until = Date.now() + START_MS; ; await sleep(25)) {
    // It takes connections before it answers: on a busy machine that is more than one attempt's time. To ask a closed port would make gRPC wait.
    const connection = (await accepts(port)) ? await answering(port) : undefined;
    if (connection) return connection;
    if (!isAlive(server)) throw new LocalServiceError(`The local Temporal server ended while it started. The end of ${log}:\n${tail(log, 2000).trim()}\nMend what it names, then run "musher service start".`);
    if (Date.now() > until) throw new LocalServiceError(`The local Temporal server does not answer on ${LOOPBACK}:${port} after ${START_MS / 1000} s; the machine may be overloaded. See "musher service logs server", then run "musher service stop" and "musher service start".`);
  }
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, LOOPBACK);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
