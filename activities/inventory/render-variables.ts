import type { Json } from './json.ts';
import { template } from './template.ts';
import type { Variable } from './variable-list.ts';
import { variableList } from './variable-list.ts';

const variablesFile: (data: { variables: Variable[] }) => string = template('variables.yml.hbs');

/**
 * A variables file for `ansible-playbook -e @FILE`. Ansible evaluates nothing in it: the whole document is `!unsafe`.
 * (A tag on each text would not do: Ansible reads `!unsafe "123"` as a number.)
 *
 * Throws a TypeError for a name or a value that Ansible cannot hold.
 */
export function renderVariables(variables: Record<string, Json>): string {
  return variablesFile({ variables: variableList(variables) });
}
