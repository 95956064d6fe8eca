/** What the shell gets. Documented in docs/cli.md; scripts rely on it. */
export const ExitCode = {
  done: 0,
  /** The operation failed, or was cancelled. */
  failed: 1,
  /** The request or the spec is wrong, or cannot be taken now (another operation holds the environment). */
  refused: 2,
  /** Temporal cannot be reached. */
  unreachable: 3,
  /** A bug in Musher itself; a report is kept (EX_SOFTWARE of sysexits.h). */
  bug: 70,
  /** Let go by Ctrl-C; the operation goes on. */
  letGo: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
