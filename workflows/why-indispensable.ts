import type { Group } from '../spec/spec.ts';

/** Why an operation cannot do without a server of the group: a sentence. Undefined for a member that is nothing else to it. */
export function whyIndispensable({ name, members, balancers, storage }: Group, host: string): string | undefined {
  if (balancers.includes(host)) return `${host} is a balancer: each must be told who may be asked.`;
  if (storage?.server === host) return `${host} keeps what all members read.`;
  return members.includes(host) ? undefined : `${name} has no member ${host}.`;
}
