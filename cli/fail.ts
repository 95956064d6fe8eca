import { formatSpecError } from '../spec/spec-error.ts';
import { writeBugReport } from './bug-report/write-bug-report.ts';
import { ExitCode } from './exit-code.ts';
import { printEvent, tell } from './output/print.ts';
import { paint } from './output/paint.ts';
import { reportedError, type ReportedError } from './report-error.ts';

/** Tells of an error, as a sentence or as JSON; of a bug a report is kept. @param args the command line. @returns the exit code. */
export function fail(error: unknown, json: boolean, args: string[]): number {
  const reported = withReport(reportedError(error), error, args);
  if (json) printEvent({ event: 'error', error: reported });
  else {
    for (const place of reported.errors ?? []) tell(formatSpecError(place));
    tell(`${paint('red', 'musher:')} ${reported.message}`);
  }
  if (process.env['MUSHER_DEBUG']) console.error(error);
  return reported.exitCode;
}

function withReport(reported: ReportedError, error: unknown, args: string[]): ReportedError {
  if (reported.exitCode !== ExitCode.bug) return reported;
  const path = writeBugReport(error, args);
  const kept = path === undefined ? 'No report of it could be written' : `A report is in ${path}, without secrets as far as they look like some: please pass it on to the project`;
  return { ...reported, message: `${reported.message}\n${kept}. "MUSHER_DEBUG=1 musher …" shows where it comes from; operations under way go on ("musher status").`, ...(path !== undefined && { report: path }) };
}
