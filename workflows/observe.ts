import type { Observation } from '../contract/observation.ts';
import type { ObserveRequest } from '../contract/requests.ts';
import { run } from './profiles.ts';
import { admit } from './request.ts';

/** Reads what is on the servers of a group. */
export async function observe(request: ObserveRequest): Promise<Observation> {
  await admit(request);
  return (await run('look at the servers').observeGroup(request)).observation;
}
