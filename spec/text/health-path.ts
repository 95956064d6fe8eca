import { quote } from '../spec-error.ts';
import { atMost, inOrder, type Check } from './check.ts';

/** What a health check asks for: path and query of a URL (RFC 3986). */
export const checkHealthPath: Check = inOrder(atMost(1024), (path) => {
  if (!path.startsWith('/')) return { message: `${quote(path)} does not begin with "/"`, suggestion: 'write a path like / or /healthz' };
  if (/^\/([\w\-.~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*$/.test(path)) return undefined;
  return { message: `${quote(path)} is not a path of a URL`, suggestion: 'write spaces and other signs as %20 and the like' };
});
