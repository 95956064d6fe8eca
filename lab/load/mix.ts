/** `plain` reads the shared file, `post` has its body's checksum echoed, `slow` sleeps and then reads the shared file. */
export type Page = 'plain' | 'post' | 'slow';

export interface Turn {
  /** Index of the environment. */
  environment: number;
  page: Page;
  connection: 'fresh' | 'kept';
}

/**
 * What the n-th request is (n from 0): the environments take turns, and of each environment's requests a tenth are POSTs, a fiftieth slow.
 * Half of the requests of each sort, whatever its rhythm, have a connection of their own.
 */
export function turn(n: number, environments: number): Turn {
  const k = Math.floor(n / environments);
  const page = k % 50 === 49 ? 'slow' : k % 10 === 4 ? 'post' : 'plain';
  return { environment: n % environments, page, connection: (k + Math.floor(k / 50)) % 2 ? 'fresh' : 'kept' };
}
