import type { Group, GroupKind } from './spec.ts';

/** What `kind` stands for, where the spec does not say otherwise. */
const KINDS: Record<GroupKind, Pick<Group, 'code' | 'files'>> = {
  cluster: { code: 'rsync', files: 'none' },
  pack: { code: 'nfs', files: 'nfs' },
};

export const KIND_NAMES = Object.keys(KINDS) as [GroupKind, ...GroupKind[]];

export const presetOf = (kind: GroupKind): Pick<Group, 'code' | 'files'> => KINDS[kind];
