import type { Scenario } from './scenario.ts';
import { ENDED } from './scenarios-ended.ts';
import { LINES } from './scenarios-of-lines.ts';
import { UNDER_WAY } from './scenarios-under-way.ts';

/** All whose histories are on file, each named after what its history guards. */
export const SCENARIOS: Record<string, () => Scenario> = { ...ENDED, ...UNDER_WAY, ...LINES };
