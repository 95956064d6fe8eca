import { sliceForEnvironment, sliceForGroup } from '../../spec/slice.ts';
import type { Spec } from '../../spec/spec.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import type { SpecOptions } from '../options.ts';
import { print, printDocument, tell } from '../output/print.ts';
import { findSpec, readSpec } from '../spec-file.ts';
import { collectStatus, type SubjectStatus } from '../status/collect-status.ts';
import { renderStatus } from '../status/render-status.ts';
import { parseSubject } from '../subject.ts';
import { tellWaiting } from '../tell-waiting.ts';
import { withClient } from '../with-client.ts';

export interface StatusOptions extends SpecOptions {
  live?: boolean;
}

/** `musher status` */
export async function status(text: string | undefined, { file, json, live }: StatusOptions): Promise<ExitCode> {
  const subject = text === undefined ? undefined : parseSubject(text).subject;
  const spec = await specFor(file, !!live, !!json);
  return withClient({ json: !!json, waitForWorker: !!live }, async (connected) => {
    let found = await collectStatus(connected, spec, subject);
    if (spec && found.subjects.length === 1 && text !== undefined) refuseUnknown(spec, found.subjects[0]!);
    if (live) {
      const { observeLive } = await import('../status/observe-live.ts');
      found = await tellWaiting(connected, !!json, observeLive(connected, spec!, found));
    }
    if (json) printDocument(found);
    else print(renderStatus(found, Date.now(), file));
    return ExitCode.done;
  });
}

/** A name that neither the spec nor Temporal knows is a slip. @throws {UnknownNameError} */
function refuseUnknown(spec: Spec, { subject, running, waiting, last }: SubjectStatus): void {
  if (running || last || waiting.length > 0) return;
  const [name, environment] = subject.split('/') as [string, string?];
  if (environment === undefined) sliceForGroup(spec, name);
  else sliceForEnvironment(spec, name, environment);
}

/** The spec says which environments there are; what Temporal knows can be told without one, unless the servers are to be asked. */
async function specFor(file: string | undefined, needed: boolean, quiet: boolean): Promise<Spec | undefined> {
  if (!needed && findSpec(file) === undefined) return undefined;
  try {
    return (await readSpec(file)).spec;
  } catch (error) {
    if (needed || file !== undefined || !(error instanceof CommandError)) throw error;
    if (!quiet) tell(`${error.message} See "musher check". This is what Temporal knows:`);
    return undefined;
  }
}
