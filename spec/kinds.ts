import type { Group, GroupKind } from './spec.ts';

/** Where a group keeps code and files, in the words of the file. */
export interface Keeping {
  code: Group['code'] | 'image';
  files: Group['files'];
}

/** What `kind` stands for, where the spec does not say otherwise. */
const KINDS: Record<GroupKind, Keeping> = {
  cluster: { code: 'rsync', files: 'none' },
  pack: { code: 'nfs', files: 'nfs' },
};

export const KIND_NAMES = Object.keys(KINDS) as [GroupKind, ...GroupKind[]];

export const presetOf = (kind: GroupKind): Keeping => KINDS[kind];
