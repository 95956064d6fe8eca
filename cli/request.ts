import { deployRequest, provisionRequest, rollBackRequest } from '../client/requests.ts';
import type { OperationRequest } from '../contract/requests.ts';
import type { Asked } from './program.ts';
import { readSpec } from './spec-file.ts';
import { parseEnvironment } from './subject.ts';

/** The request that a command line and the spec make together. @throws {CommandError, UnknownNameError} */
export async function requestOf(asked: Asked, file: string | undefined): Promise<OperationRequest> {
  if (asked.operation === 'provision') return provisionRequest((await readSpec(file)).spec, asked.subject);
  const name = parseEnvironment(asked.subject);
  const { spec } = await readSpec(file);
  return asked.operation === 'deploy' ? deployRequest(spec, name, asked.ref) : rollBackRequest(spec, name, asked.release);
}
