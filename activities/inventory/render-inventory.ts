import type { Token } from '../../contract/token.ts';
import type { Server } from '../../spec/spec.ts';
import { connectionVariables } from './connection-variables.ts';
import type { Json } from './json.ts';
import { template } from './template.ts';
import type { Variable } from './variable-list.ts';
import { variableList } from './variable-list.ts';

export interface InventoryHost {
  server: Server;
  /** Ansible groups: `members`, `balancers` … */
  groups: string[];
  /** Variables of this host only. Those that say how it is reached come from `server` and cannot be given here. */
  variables?: Record<string, Json>;
}

export interface InventoryRequest {
  hosts: InventoryHost[];
  /** Ansible groups that are there even when no host is in them. */
  groups?: string[];
  /** What the hosts' gates are shown. Without it the run passes no gate. */
  token?: Token;
}

interface InventoryData {
  hosts: { name: string; variables: Variable[] }[];
  groups: { name: string; hosts: { name: string }[] }[];
}

const inventoryFile: (data: InventoryData) => string = template('inventory.yml.hbs');

/**
 * An inventory (YAML) for one run of `ansible-playbook`. Ansible evaluates nothing in it: the whole document is `!unsafe`.
 *
 * Throws a TypeError for a server, group or variable name, or a value, that Ansible cannot hold.
 */
export function renderInventory(request: InventoryRequest): string {
  const names = [...new Set([...(request.groups ?? []), ...request.hosts.flatMap((host) => host.groups)])];
  for (const name of names) if (!/^[a-z_][a-z0-9_]*$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name for an Ansible group`);
  return inventoryFile({
    hosts: request.hosts.map((host) => ({ name: hostName(host), variables: hostVariables(host, request.token) })),
    groups: names.map((name) => ({ name, hosts: request.hosts.filter((host) => host.groups.includes(name)).map((host) => ({ name: hostName(host) })) })),
  });
}

function hostName({ server }: InventoryHost): string {
  // Ansible would take `web[1:3]` for three hosts and `web1:22` for a port.
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i.test(server.name)) throw new TypeError(`${JSON.stringify(server.name)} is no name for a server`);
  return server.name;
}

function hostVariables(host: InventoryHost, token?: Token): Variable[] {
  return variableList({ ...host.variables, ...connectionVariables(host.server, token) });
}
