import type { EnvironmentName } from '../client/requests.ts';
import { environmentWorkflowId, groupWorkflowId } from '../contract/names.ts';
import { LABEL } from '../spec/text/label.ts';
import { CommandError } from './command-error.ts';

/** `shop/live` as its two names. @throws {CommandError} it is not of that form. */
export function parseEnvironment(text: string): EnvironmentName {
  const [project = '', environment = '', ...rest] = text.split('/');
  if (rest.length === 0 && LABEL.test(project) && LABEL.test(environment)) return { project, environment };
  throw new CommandError(`${JSON.stringify(text)} is no environment: say PROJECT/ENVIRONMENT, as in shop/live. "musher status" names those of the spec.`);
}

/** What an operation is about, an environment (`shop/live`) or a group, and the workflow id that stands for it. */
export function parseSubject(text: string): { subject: string; workflowId: string } {
  if (text.includes('/')) {
    const { project, environment } = parseEnvironment(text);
    return { subject: text, workflowId: environmentWorkflowId(project, environment) };
  }
  if (LABEL.test(text)) return { subject: text, workflowId: groupWorkflowId(text) };
  throw new CommandError(`${JSON.stringify(text)} is neither an environment (PROJECT/ENVIRONMENT) nor a group. "musher status" names those of the spec.`);
}
