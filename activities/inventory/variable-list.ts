import type { Json } from './json.ts';

export interface Variable {
  name: string;
  value: Json;
}

/** What YAML 1.1 does not read as a text, and so cannot be a name as it stands. */
const RESERVED = /^(y|n|yes|no|on|off|true|false|null)$/i;

/** Variables as a list for a template. Throws a TypeError for a name that Ansible takes for no variable's. */
export function variableList(variables: Record<string, Json>): Variable[] {
  return Object.entries(variables).map(([name, value]) => {
    if (!/^[A-Za-z_]\w*$/.test(name) || RESERVED.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name for an Ansible variable`);
    return { name, value };
  });
}
