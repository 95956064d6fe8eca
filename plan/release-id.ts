/**
 * A release's id: when it was asked for (UTC, to the second, so that ids sort by age) and a part of the
 * operation's run id, so that no id is ever used twice.
 */
export function releaseId(requestedAt: string, runId: string): string {
  const time = new Date(requestedAt).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${time}-${runId.replace(/[^0-9a-z]/gi, '').slice(-6).toLowerCase()}`;
}
