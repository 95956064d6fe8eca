import type { Observation } from '../contract/observation.ts';

/** An epoch newer than any that a host of the operation has let into the scope. */
export const nextEpoch = ({ hosts }: Observation, scope: string): number => Math.max(0, ...Object.values(hosts).map(({ epochs }) => epochs[scope] ?? 0)) + 1;
