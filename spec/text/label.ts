import { didYouMean } from '../suggest.ts';
import { quote, type Problem } from '../spec-error.ts';

/** RFC 1123, section 2.1, in lower case. */
export const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** `project/environment`. */
export const SUBJECT = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Names that Ansible, or programs in general, keep for themselves. */
const RESERVED = ['all', 'constructor', 'localhost', 'ungrouped'];

/** The name of a project or environment: users and files are named after both, with "--" between. */
export const checkPart = (name: string): Problem | undefined =>
  checkLabel(name) ??
  (name.includes('--')
    ? { message: `${quote(name)} holds "--", which stands between project and environment`, suggestion: didYouMean(name.replace(/-{2,}/g, '-')) }
    : undefined);

/** The name of a server or group. */
export function checkLabel(name: string): Problem | undefined {
  if (RESERVED.includes(name)) return { message: `the name ${quote(name)} is reserved`, suggestion: 'choose another' };
  if (LABEL.test(name)) return undefined;
  const near = name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return {
    message: `${quote(name)} is not a name: 1 to 63 lower-case letters, digits and "-", the "-" neither first nor last`,
    suggestion: LABEL.test(near) && !RESERVED.includes(near) ? didYouMean(near) : 'choose another',
  };
}
