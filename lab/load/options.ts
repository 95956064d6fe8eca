/** What a load is asked to do. It crosses to a child process as JSON. */
export interface LoadOptions {
  /** Where every request goes; the address is an IP address, never a name. */
  target: { address: string; port: number };
  environments: LoadEnvironment[];
  /** Requests in flight at once, all environments together. */
  concurrency: number;
  maxRequests: number;
  maxSeconds: number;
  /** A load that is told to stop goes on until it has sent so many, within the two bounds above. Default none. */
  leastRequests?: number;
  /** Longest that a quick page may take, in milliseconds; a slow one has this beside its sleep. Default 20,000. */
  timeoutMs?: number;
  /** Sleep of the slow page, in seconds. Default 5. */
  slowSeconds?: number;
  /** How long each of those in flight waits before the next, in milliseconds. Default none. */
  pauseMs?: number;
  /** How many failures are told one by one. Default 20. */
  failuresKept?: number;
}

export interface LoadEnvironment {
  /** Sent as the Host header. */
  host: string;
  /** `project/environment`, as the pages say it. */
  name: string;
  /** Content of the shared file; absent: what the first page says, from then on. */
  shared?: string;
}

/** No load goes beyond these, whoever asks for it. */
const BOUNDS = { concurrency: 128, maxRequests: 200_000, maxSeconds: 900 } as const;

/** Throws when the options ask for nothing, or for more than any load may. */
export function checkBounds(options: LoadOptions): void {
  for (const [name, limit] of Object.entries(BOUNDS)) {
    const value = options[name as keyof typeof BOUNDS];
    if (!(value > 0 && value <= limit)) throw new Error(`load refused: ${name} is ${value}, it must be above 0 and at most ${limit}`);
  }
  if (options.environments.length === 0) throw new Error('load refused: no environment to ask');
}
