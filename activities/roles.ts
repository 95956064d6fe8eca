import type { Group } from '../spec/spec.ts';

/** Names of servers, by the inventory's groups. */
export type Roles = Partial<Record<'members' | 'balancers' | 'storage' | 'once', readonly string[]>>;

/** What the servers of a group are to it. @param among only these; all of them when left out. */
export function rolesOf({ members, balancers, storage }: Group, among?: readonly string[]): Roles {
  const wanted = (names: readonly string[]) => names.filter((name) => among?.includes(name) ?? true);
  return { members: wanted(members), balancers: wanted(balancers), storage: wanted(storage ? [storage.server] : []) };
}
