import type { Group } from './spec.ts';

/** Names of a group's servers: members, balancers, and its storage where it has one. */
export const serverNames = ({ members, balancers, files }: Group): string[] => [...members, ...balancers, ...(files ? [files.server] : [])];
