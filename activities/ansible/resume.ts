import type { OutcomeReader } from './outcome.ts';
import { RunLostForGood } from './run-failure.ts';
import type { RunRequest } from './run-request.ts';
import type { Start } from './start-supervisor.ts';

/** A run that dies so often dies of itself. */
const MOST_STARTS = 4;

/**
 * What to start, given how often the run has been started and what its events tell: everything at first; after the run
 * died, what the request allows. Undefined when no host is left to be run on. Throws `RunLostForGood` when nothing may be started.
 */
export function nextStart(request: RunRequest, starts: number, reader: OutcomeReader): Start | undefined {
  const generation = starts + 1;
  if (starts === 0) return { generation };
  const policy = request.afterLoss ?? 'unfinished-hosts';
  if (policy === 'nothing') throw new RunLostForGood(`The run of ${request.playbook} ended without a result.`);
  if (starts >= MOST_STARTS) throw new RunLostForGood(`The run of ${request.playbook} ended without a result ${starts} times.`);
  if (policy === 'all-hosts') return { generation };
  const limit = reader.unfinished;
  return limit.length > 0 ? { generation, limit } : undefined;
}
