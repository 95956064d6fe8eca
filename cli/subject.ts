import type { EnvironmentName } from '../client/requests.ts';
import { subjectOfId } from '../contract/place.ts';
import { LABEL } from '../spec/text/label.ts';
import { CommandError } from './command-error.ts';

/** `shop/live` as its two names. @throws {CommandError} it is not of that form. */
export function parseEnvironment(text: string): EnvironmentName {
  const [project = '', environment = '', ...rest] = text.split('/');
  if (rest.length === 0 && LABEL.test(project) && LABEL.test(environment)) return { project, environment };
  throw new CommandError(`${JSON.stringify(text)} is no environment: say PROJECT/ENVIRONMENT, as in shop/live. "musher status" names those of the spec.`);
}

/** What operations are about, an environment (`shop/live`) or a group; or one operation, by its own id. */
export function parseSubject(text: string): { subject: string; workflowId?: string } {
  const subject = subjectOfId(text);
  if (subject !== undefined) return { subject: parseSubject(subject).subject, workflowId: text };
  if (text.includes('/')) {
    parseEnvironment(text);
    return { subject: text };
  }
  if (LABEL.test(text)) return { subject: text };
  throw new CommandError(`${JSON.stringify(text)} is neither an environment (PROJECT/ENVIRONMENT) nor a group, nor an operation's id. "musher status" names those of the spec.`);
}
