import { environmentSlug, environmentSubject } from './environment-names.ts';

/** Linux allows 32 characters in a user's name (useradd(8)). */
const LONGEST_NAME = 32;
/** Above what distributions give to people and services, below systemd's dynamic users (61184). */
const FIRST_UID = 20_000;
const UID_COUNT = 40_000;

/**
 * The user that an environment's PHP and hooks run as: the same name and number on every server, without
 * anybody having to hand numbers out.
 */
export function environmentUser(project: string, environment: string): { name: string; uid: number } {
  const name = `m-${environmentSlug(project, environment)}`;
  const hash = fnv1a(environmentSubject(project, environment));
  const short = name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME - 9)}-${hash.toString(16).padStart(8, '0')}`;
  return { name: short, uid: FIRST_UID + (hash % UID_COUNT) };
}

/** FNV-1a, 32 bits (Fowler, Noll, Vo; draft-eastlake-fnv): spreads well, needs no I/O, and is not meant to be secret. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
