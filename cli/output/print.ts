/** Writes a text and a line end; nothing for ''. */
export function print(text: string): void {
  if (text) process.stdout.write(`${text}\n`);
}

/** Writes what is no result: what is being waited for, and errors. */
export function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The one document of a command with `--json`. */
export const printDocument = (document: unknown): void => print(JSON.stringify(document, null, 2));

/** One event, on one line, of a command that streams with `--json`. */
export const printEvent = (event: { event: string; [field: string]: unknown }): void => print(JSON.stringify(event));
