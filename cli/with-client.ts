import { connect, type Connected, type ConnectOptions } from '../client/connect.ts';
import { tell } from './output/print.ts';

/** Runs `action` with a connection to Temporal, and closes it. What is waited for is told, unless a program reads along. */
export async function withClient<T>(options: ConnectOptions & { json?: boolean }, action: (connected: Connected) => Promise<T>): Promise<T> {
  const connected = await connect({ onWait: options.json ? () => {} : (what) => tell(`${what} …`), ...options });
  try {
    return await action(connected);
  } finally {
    await connected.close();
  }
}
