import { ApplicationFailure } from '@temporalio/activity';
import { TemporalFailure } from '@temporalio/common';
import { redact } from '../contract/bug-report/redact.ts';
import { writeBugReport } from '../contract/bug-report/bug-report.ts';
import { FAILURES } from '../contract/failures.ts';
import { LedgerError } from '../contract/ledger-error.ts';
import { RunLostForGood } from './ansible/run-failure.ts';
import { currentActivity } from './current-activity.ts';

/** What a failure of the whole run is asked again after. */
const RETRY_DELAY = '2 seconds';
/** How often what is a bug of ours is tried: what it stumbled over may be gone by then, and a worker of a newer version there. */
const BUG_ATTEMPTS = 3;

type Activity<A extends unknown[], R> = (...args: A) => Promise<R>;

/**
 * Has activities tell Temporal of their failures in the ledger's terms: the type, whether to ask again, and the hosts concerned.
 *
 * @param reports folder for what is kept of a bug.
 */
export const telling =
  (reports: string, version: string) =>
  <A extends unknown[], R>(activity: Activity<A, R>): Activity<A, R> =>
  async (...args) => {
    try {
      return await activity(...args);
    } catch (error) {
      if (error instanceof LedgerError) throw ofLedger(error);
      throw isBug(error) ? ofBug(error, reports, version) : error;
    }
  };

function ofLedger(error: LedgerError): ApplicationFailure {
  const again = FAILURES[error.type].retry === 'run' && !(error instanceof RunLostForGood);
  return ApplicationFailure.create({ type: error.type, message: error.message, nonRetryable: !again, details: [error.hosts], ...(again && { nextRetryDelay: RETRY_DELAY }) });
}

/** Neither what Temporal itself tells, a cancel say, nor what the system says of a file or a connection, which may be otherwise the next time. */
const isBug = (error: unknown): boolean =>
  !(error instanceof TemporalFailure) && (error as Error | undefined)?.name !== 'AbortError' && ![error, (error as Error | undefined)?.cause].some((one) => (one as NodeJS.ErrnoException | undefined)?.syscall !== undefined);

/** Without its stack and its causes, which would go into a history that others read; they are in the report. */
function ofBug(error: unknown, reports: string, version: string): ApplicationFailure {
  const { key, attempt, context } = currentActivity();
  const what = redact(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  const isLast = attempt >= BUG_ATTEMPTS;
  const during: [string, string] = ['Activity', `${context.info.activityType} of ${key.workflowId}, attempt ${attempt}`];
  const report = isLast ? writeBugReport(reports, { error, during, version }) : undefined;
  const kept = report === undefined ? '' : ` A report is in ${report} on the worker's machine, without secrets as far as they look like some.`;
  return ApplicationFailure.create({ type: 'bug', message: `A bug in Musher: ${what}.${kept}`, nonRetryable: isLast, details: [{}], nextRetryDelay: RETRY_DELAY });
}
