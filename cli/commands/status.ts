import { sliceForEnvironment, sliceForGroup } from '../../spec/slice.ts';
import type { Spec } from '../../spec/spec.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import type { SpecOptions } from '../options.ts';
import { print, printDocument, tell } from '../output/print.ts';
import { findSpec, readSpec } from '../spec-file.ts';
import { collectStatus } from '../status/collect-status.ts';
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
  if (spec && subject !== undefined) refuseUnknown(spec, subject);
  return withClient({ json: !!json, waitForWorker: !!live }, async (connected) => {
    let found = await collectStatus(connected, spec, subject);
    if (live) {
      const { observeLive } = await import('../status/observe-live.ts');
      found = await tellWaiting(connected, !!json, observeLive(connected, spec!, found));
    }
    if (json) printDocument(found);
    else print(renderStatus(found, Date.now(), file));
    return ExitCode.done;
  });
}

/** A name that the spec does not know is a slip, and nothing is started for it. Of one that was in the spec once `musher watch` tells. @throws {UnknownNameError} */
function refuseUnknown(spec: Spec, subject: string): void {
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
