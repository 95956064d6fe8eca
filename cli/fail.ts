import { formatSpecError } from '../spec/spec-error.ts';
import { printEvent, tell } from './output/print.ts';
import { paint } from './output/paint.ts';
import { reportedError } from './report-error.ts';

/** Tells of an error, as a sentence or as JSON. @returns the exit code. */
export function fail(error: unknown, json: boolean): number {
  const reported = reportedError(error);
  if (json) printEvent({ event: 'error', error: reported });
  else {
    for (const place of reported.errors ?? []) tell(formatSpecError(place));
    tell(`${paint('red', 'musher:')} ${reported.message}`);
  }
  if (process.env['MUSHER_DEBUG'] && error instanceof Error) console.error(error);
  return reported.exitCode;
}
