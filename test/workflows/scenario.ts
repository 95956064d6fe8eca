import type { Harness } from './harness.ts';
import { shop } from './shop-world.ts';
import type { World } from './world.ts';

/** Whose history is taken. */
export interface Run {
  workflowId: string;
  /** Left out: the latest one. */
  runId?: string;
}

/** What happens until a history is taken. */
export interface Scenario {
  world: World;
  play: (harness: Harness) => Promise<Run>;
  /** Lets go, once it is taken, of what was kept under way for it. */
  letGo?: () => void;
}

/** Whose machine it was recorded on is nobody's business. */
export const anonymous = <R extends object>(request: R): R => ({ ...request, requestedBy: 'somebody@example.net' });

export function troubled(trouble: World['trouble'], world = shop()): World {
  world.trouble = trouble;
  return world;
}

/** `web2` does not get well with the new release. */
export const sick: World['trouble'] = ({ activity, release }, host) => (activity === 'switchBatch' && release === 'new' && host === 'web2' ? { failure: 'health-check-failed' } : undefined);
