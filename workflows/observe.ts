import type { Observation } from '../contract/observation.ts';
import type { ObserveRequest } from '../contract/requests.ts';
import { quick, run } from './profiles.ts';

/** Reads what is on the servers of a group. */
export async function observe(request: ObserveRequest): Promise<Observation> {
  await quick('may this be asked').admitRequest(request);
  return (await run('look at the servers').observeGroup(request)).observation;
}
