import { Connection } from '@temporalio/client';
import { CHANNEL } from '../channel.ts';
import { LOOPBACK } from './local-server.ts';

const ANSWER_MS = 10_000;

/** Connects to the local server. @throws it does not answer. */
export const connectTo = (port: number): Promise<Connection> =>
  Connection.connect({ address: `${LOOPBACK}:${port}`, connectTimeout: ANSWER_MS, channelArgs: CHANNEL });

/** A connection to a server that answers; undefined when it does not. */
export async function answering(port: number): Promise<Connection | undefined> {
  try {
    return await connectTo(port);
  } catch {
    return undefined;
  }
}
