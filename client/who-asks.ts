import { hostname, userInfo } from 'node:os';

/** Whoever runs this program, as an operation and the record of a decision name them: `ann@desk`. */
export const whoAsks = (): string => `${userInfo().username}@${hostname()}`;
