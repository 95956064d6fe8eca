import type { Token } from '../../contract/token.ts';
import { tokenText } from '../../contract/token.ts';
import type { Server } from '../../spec/spec.ts';
import type { Json } from './json.ts';

const GATE = '/usr/local/lib/musher/gate';

/**
 * How Ansible reaches a server and becomes root there. With a token everything that becomes root, rsync too, passes the
 * server's gate; without one it passes none, and may only read. Even a user who is root "becomes" root.
 *
 * Throws a TypeError for a scope that a gate would not take.
 */
export function connectionVariables(server: Server, token?: Token): Record<string, Json> {
  // The server's shell reads this, so nothing else may be in it.
  if (token && !/^[a-z0-9][a-z0-9/-]*$/.test(token.scope)) throw new TypeError(`${JSON.stringify(token.scope)} is no scope for a gate`);
  return {
    ansible_host: server.address,
    ansible_port: server.port,
    ansible_user: server.user,
    ansible_python_interpreter: server.python,
    ...(server.key === undefined ? {} : { ansible_ssh_private_key_file: server.key }),
    ansible_become: true,
    ansible_become_method: 'fenced',
    musher_sudo: server.become,
    ...(token ? { musher_scope: token.scope, musher_token: tokenText(token) } : { musher_gated: false }),
    musher_rsync_path: [...(server.become ? ['sudo -n -H'] : []), ...(token ? [GATE, token.scope, tokenText(token)] : []), 'rsync'].join(' '),
  };
}
