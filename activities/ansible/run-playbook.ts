import type { RunOutcome } from '../../contract/run.ts';
import { RunFollower } from './follow-run.ts';
import { judgeEnd } from './judge-end.ts';
import { OutcomeReader } from './outcome.ts';
import { nextStart } from './resume.ts';
import { RunFailure } from './run-failure.ts';
import { readSupervisor, runFolder } from './run-folder.ts';
import type { RunHooks, RunRequest, RunSettings } from './run-request.ts';
import { clearUpRun, startSupervisor } from './start-supervisor.ts';

/**
 * Runs a playbook to its end, or takes up the run that another worker started with the same key: a run that lives is
 * followed, one that ended is read and never started again, one that died is started again for what it had not finished.
 *
 * What became of single hosts is data in the outcome. Throws `RunFailure` for what concerns the whole run
 * (`playbook-invalid`, `run-lost`, `timed-out`, `cancelled`, `disk-full`) and `RunDetached` when the waiting was ended.
 */
export async function runPlaybook(settings: RunSettings, request: RunRequest, hooks: RunHooks = {}): Promise<RunOutcome> {
  const folder = runFolder(settings.runsFolder, request.key);
  const reader = new OutcomeReader(request.hosts);
  const run = new RunFollower(folder, reader, hooks);
  let exit = await run.follow();
  while (!exit) {
    const starts = (await readSupervisor(folder))?.generation ?? 0;
    if (starts === 0 && hooks.stop?.aborted) throw new RunFailure('cancelled', `The run of ${request.playbook} was not started.`);
    const start = nextStart(request, starts, reader);
    if (!start) {
      await clearUpRun(settings, folder);
      return reader.outcome();
    }
    const { ended } = await startSupervisor(settings, folder, request, start);
    exit = await run.follow(ended);
  }
  return judgeEnd(folder, request, exit, reader);
}
