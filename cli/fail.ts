import { version } from '../client/local/installation.ts';
import { openStateFolder } from '../client/local/state-folder.ts';
import { writeBugReport } from '../contract/bug-report/bug-report.ts';
import { formatSpecError } from '../spec/spec-error.ts';
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
  const path = reportOf(error, args);
  const kept = path === undefined ? 'No report of it could be written' : `A report is in ${path}, without secrets as far as they look like some: please pass it on to the project`;
  return { ...reported, message: `${reported.message}\n${kept}. "MUSHER_DEBUG=1 musher …" shows where it comes from; operations under way go on ("musher status").`, ...(path !== undefined && { report: path }) };
}

function reportOf(error: unknown, args: string[]): string | undefined {
  try {
    return writeBugReport(openStateFolder().reports, { error, during: ['Command', `musher ${args.map((word) => JSON.stringify(word)).join(' ')}`], version: version() });
  } catch {
    // There is no state folder to keep it in.
    return undefined;
  }
}
