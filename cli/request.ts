import { deployRequest, provisionRequest, rollBackRequest } from '../client/requests.ts';
import type { OperationRequest } from '../contract/requests.ts';
import { quote } from '../spec/spec-error.ts';
import { checkRef } from '../spec/text/git.ts';
import { CommandError } from './command-error.ts';
import type { Asked } from './program.ts';
import { readSpec } from './spec-file.ts';
import { parseEnvironment } from './subject.ts';

/** As `releaseId` (plan/release-id.ts) makes them. */
const RELEASE = /^\d{8}T\d{6}Z-[0-9a-z]{1,6}$/;

/** The request that a command line and the spec make together. @throws {CommandError, UnknownNameError} */
export async function requestOf(asked: Asked, file: string | undefined): Promise<OperationRequest> {
  if (asked.operation === 'provision') return provisionRequest((await readSpec(file)).spec, asked.subject);
  const name = parseEnvironment(asked.subject);
  if (asked.operation === 'deploy') {
    const problem = asked.ref !== undefined && checkRef(asked.ref);
    if (problem) throw new CommandError(`--ref: ${problem.message}; ${problem.suggestion}.`);
    const { spec } = await readSpec(file);
    const request = deployRequest(spec, name, asked.ref);
    if (asked.ref !== undefined && spec.projects[name.project]!.source.type !== 'git')
      throw new CommandError(`--ref is for a git source, and ${JSON.stringify(name.project)} has another. Leave it out.`);
    return request;
  }
  if (asked.release !== undefined && !RELEASE.test(asked.release))
    throw new CommandError(`${quote(asked.release)} is not the id of a release, as 20260102T030405Z-1a2b3c is. "musher status ${asked.subject} --live" shows those kept.`);
  return rollBackRequest((await readSpec(file)).spec, name, asked.release);
}
