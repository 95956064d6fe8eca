import type { Batch } from '../contract/plan.ts';

/**
 * Cuts members into batches, in their order.
 *
 * Members out of service go first: a release that fails on them has not touched what serves, and they
 * strengthen the rest before the first serving member is drained.
 *
 * @param inService the members that serve now.
 * @param balanced whether a balancer stands before them; without one there is nothing to drain.
 */
export function cutBatches(members: readonly string[], inService: ReadonlySet<string>, size: number, balanced: boolean): Batch[] {
  const ordered = [...members.filter((member) => !inService.has(member)), ...members.filter((member) => inService.has(member))];
  const count = Math.ceil(ordered.length / size);
  const serving = new Set(inService);
  return Array.from({ length: count }, (_, index) => {
    const batch = ordered.slice(index * size, (index + 1) * size);
    const drained = batch.filter((member) => serving.has(member));
    const staysUp = [...serving].some((member) => !batch.includes(member));
    for (const member of batch) serving.add(member);
    return { label: `${index + 1} of ${count}`, members: batch, drain: balanced && drained.length > 0 && staysUp };
  });
}
