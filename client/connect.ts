import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { signRequest } from '../contract/signature.ts';
import { CHANNEL } from './channel.ts';
import { LocalServiceError } from './local/local-service-error.ts';
import { MusherClient } from './musher-client.ts';

export interface Connected {
  client: MusherClient;
  /** Whether it is the local service, whose worker takes signed requests only. */
  local: boolean;
  address: string;
  namespace: string;
  /** Temporal's web page, where it is known. */
  webUrl?: string;
  /** The request with the signature that the worker asks for; on a cluster, which has its own authorization, the request as it is. */
  sign: <R extends object>(request: R) => R;
  /** Starts again what has gone of the local service since; does nothing on a cluster. */
  revive: () => Promise<void>;
  close: () => Promise<void>;
}

export interface ConnectOptions {
  /** False: an operation's worker need not be ready (reading what Temporal knows needs none). */
  waitForWorker?: boolean;
  /** Told what is being waited for, in a few words. */
  onWait?: (what: string) => void;
}

/** Temporal cannot be reached; the message says how it was tried, and the way out. */
export class ConnectError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConnectError';
  }
}

/**
 * Connects to the Temporal cluster that the standard environment variables or profile file name;
 * where they name none, to the local service, which is started if it does not run.
 *
 * @throws {ConnectError} it cannot be reached.
 */
export async function connect(options: ConnectOptions = {}): Promise<Connected> {
  return (await connectCluster()) ?? (await connectLocal(options));
}

async function connectCluster(): Promise<Connected | undefined> {
  if (!isClusterConfigured()) return undefined;
  const { loadClientConfigProfile, toClientOptions } = await import('@temporalio/envconfig');
  const configuration = await orConnectError('The configuration of the Temporal client cannot be used', async () => {
    const { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: name } = process.env;
    // Temporal's own reader takes a file that is not there for an empty one.
    if (file && !existsSync(file)) throw new Error(`there is no profile file ${file}`);
    const profile = loadClientConfigProfile();
    if (profile.address) return toClientOptions(profile);
    if (file || name) throw new Error(`${name ? `the profile "${name}"` : `the profile file ${file}`} names no address`);
    // A profile file in its usual place without an address was not written for this.
    return undefined;
  });
  if (!configuration) return undefined;
  const { connectionOptions, namespace = 'default' } = configuration;
  const address = connectionOptions.address ?? 'localhost:7233';
  const connection = await orConnectError(`Temporal does not answer at ${address}`, () =>
    Connection.connect({ ...connectionOptions, channelArgs: CHANNEL }),
  );
  return {
    client: new MusherClient(new Client({ connection, namespace })),
    local: false,
    address,
    namespace,
    sign: (request) => request,
    revive: async () => {},
    close: () => connection.close(),
  };
}

async function connectLocal(options: ConnectOptions): Promise<Connected> {
  const { ensureLocalService, reviveLocalService } = await import('./local/service.ts');
  try {
    const { connection, address, namespace, webUrl, key } = await ensureLocalService(options);
    return {
      client: new MusherClient(new Client({ connection, namespace })),
      local: true,
      address,
      namespace,
      webUrl,
      sign: (request) => signRequest(request, key),
      revive: reviveLocalService,
      close: () => connection.close(),
    };
  } catch (error) {
    if (error instanceof LocalServiceError) throw new ConnectError(error.message);
    throw error;
  }
}

/** Whether anything says which Temporal is meant, as Temporal's own clients look for it. */
export function isClusterConfigured(): boolean {
  const { TEMPORAL_ADDRESS: address, TEMPORAL_PROFILE: profile, TEMPORAL_CONFIG_FILE: file } = process.env;
  return !!(address || profile || file) || existsSync(profileFile());
}

function profileFile(): string {
  const folder = process.platform === 'darwin' ? join(homedir(), 'Library/Application Support') : process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  return join(folder, 'temporalio/temporal.toml');
}

async function orConnectError<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new ConnectError(
      `${what}: ${(error as Error).message.replace(/\.$/, '')}. Check TEMPORAL_ADDRESS, TEMPORAL_PROFILE and the profile file, or unset them to use the local service.`,
    );
  }
}
