import type { Group } from './spec.ts';

/** Names of a group's servers, each once: members, balancers, and its storage where it has one. */
export const serverNames = ({ members, balancers, storage }: Group): string[] => [...new Set([...members, ...balancers, ...(storage ? [storage.server] : [])])];
