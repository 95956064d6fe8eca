import { EXCEPTIONS, type Exception } from './exceptions.ts';
import type { HostPicture, Picture } from './picture.ts';

const ABSENT = 'absent';

/** What is otherwise after than before, but for what may be: a line each, with the host, the fact, and both states. */
export function differences(before: Picture, after: Picture): string[] {
  const hosts = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return hosts.flatMap((host) => differencesOn(before[host], after[host]).map((line) => `${host}: ${line}`));
}

function differencesOn(before: HostPicture | undefined, after: HostPicture | undefined): string[] {
  if (!before || !after) return ['only one of the two pictures shows it'];
  const names = [...new Set([...Object.keys(before.facts), ...Object.keys(after.facts)])].sort();
  const installed = new Set(Object.keys(after.facts).filter((name) => name.startsWith('package ') && !(name in before.facts)).map((name) => name.slice('package '.length)));
  return names.flatMap((name) => {
    const [was = ABSENT, is = ABSENT] = [before.facts[name], after.facts[name]];
    const isPackages = installed.has(after.owners[name] ?? '');
    const isHalfInstalled = name.startsWith('package ') && is.includes(' ok ');
    if (was === is || isPackages || (!isHalfInstalled && EXCEPTIONS.some((one) => excepts(one, name, was, installed.size > 0)))) return [];
    return `${name} was ${was}, is ${is}`;
  });
}

const excepts = ({ what, isNew, withPackages }: Exception, name: string, was: string, anyInstalled: boolean): boolean =>
  what.test(name) && (!isNew || was === ABSENT) && (!withPackages || anyInstalled);
