/** One thing that was looked at. */
export interface Finding {
  /** `machine`, `service`, or a server's name. */
  subject: string;
  /** What was looked at, in a word or two. */
  check: string;
  /** `failed`: an operation will fail of it. `warning`: it may. */
  state: 'ok' | 'warning' | 'failed';
  /** What was found. */
  message: string;
  /** What to do about it, where it is not well. */
  remedy?: string;
}

/** Makes the findings of one subject. */
export const findings = (subject: string) => ({
  ok: (check: string, message: string): Finding => ({ subject, check, state: 'ok', message }),
  warning: (check: string, message: string, remedy: string): Finding => ({ subject, check, state: 'warning', message, remedy }),
  failed: (check: string, message: string, remedy: string): Finding => ({ subject, check, state: 'failed', message, remedy }),
});

const MEGABYTE = 1e6;

/** Judges the room on a disk. @param free bytes. */
export function judgeRoom(subject: string, place: string, free: number): Finding {
  const { ok, warning, failed } = findings(subject);
  const message = `${free < 1e9 ? `${Math.floor(free / MEGABYTE)} MB` : `${(free / 1e9).toFixed(1)} GB`} free at ${place}`;
  if (free < 100 * MEGABYTE) return failed('disk', message, 'Make room there; a release that does not fit is not deployed.');
  return free < 1000 * MEGABYTE ? warning('disk', message, 'Make room there before it is full; "keep" in the spec says how many releases stay.') : ok('disk', message);
}
