import type { Client } from '@temporalio/client';

/**
 * Temporal's own id of a client's namespace, a UUID. Unlike an address and a name it is never another server's, and stays when the
 * local server has to take another port.
 */
export async function namespaceIdOf({ workflowService, options: { namespace } }: Client): Promise<string> {
  const { namespaceInfo } = await workflowService.describeNamespace({ namespace });
  if (!namespaceInfo?.id) throw new Error(`Temporal does not tell the id of the namespace "${namespace}".`);
  return namespaceInfo.id;
}
