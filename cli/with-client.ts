import { connect, type Connected, type ConnectOptions } from '../client/connect.ts';
import { SearchAttribute } from '../contract/names.ts';
import { CommandError } from './command-error.ts';
import { tell } from './output/print.ts';
import { lacksSearchAttributes } from './report-error.ts';

/**
 * Runs `action` with a connection to Temporal, and closes it. What is waited for is told, unless a program reads along.
 *
 * @throws {CommandError} the namespace has not been made ready for Musher; the message says how to.
 */
export async function withClient<T>(options: ConnectOptions & { json?: boolean }, action: (connected: Connected) => Promise<T>): Promise<T> {
  const connected = await connect({ onWait: options.json ? () => {} : (what) => tell(`${what} …`), ...options });
  try {
    return await action(connected);
  } catch (error) {
    throw lacksSearchAttributes(error) ? new CommandError(howToPrepare(connected.namespace)) : error;
  } finally {
    await connected.close();
  }
}

function howToPrepare(namespace: string): string {
  const commands = Object.values(SearchAttribute).map((name) => `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type Keyword`);
  return `The namespace "${namespace}" does not know Musher's search attributes. Make them once, where they are missing, as somebody who may administer it:\n  ${commands.join('\n  ')}`;
}
