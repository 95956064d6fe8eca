/** Seconds between two times of asking. SSH's own time-out of 10 s comes on top. */
const PAUSES = [1, 2, 4, 8, 15] as const;

/** How long to wait after `tries` earlier times of asking again, in seconds. */
export const backOff = (tries: number): number => PAUSES[Math.min(tries, PAUSES.length - 1)]!;
