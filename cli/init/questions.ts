import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { localPath } from '../../spec/normalise.ts';
import { APPS } from '../../spec/presets.ts';
import { oneOf, quote, type Problem } from '../../spec/spec-error.ts';
import { didYouMean, nearest } from '../../spec/suggest.ts';
import { checkRef } from '../../spec/text/git.ts';
import type { Check } from '../../spec/text/check.ts';
import { checkDomain, checkUser } from '../../spec/text/host.ts';
import { checkLabel, checkPart } from '../../spec/text/label.ts';
import type { Answers, Read } from './answers.ts';
import { detectApp } from './detect-app.ts';
import { isNamed, listed, readServers } from './read-servers.ts';
import { isUnshared, readShared } from './read-shared.ts';
import { readSource } from './read-source.ts';

/** The flags of `musher init` that answer a question. */
export type Flag = 'project' | 'app' | 'source' | 'ref' | 'members' | 'balancer' | 'storage' | 'kind' | 'shared' | 'domain' | 'user' | 'group' | 'environment';

export interface Question {
  flag: Flag;
  /** Asked of a person. */
  text: string;
  /** Taken where there is no other answer; without one an answer is needed. */
  preset?: (known: Partial<Answers>, folder: string) => string;
  /** Whether a person is asked; always when left out. The flag counts all the same. */
  asked?: (known: Partial<Answers>) => boolean;
  /** Whether it can be answered at all; always when left out. `otherwise` is a sentence that goes on behind the flag. */
  applies?: { if: (known: Partial<Answers>) => boolean; otherwise: string };
  read: (answer: string, known: Partial<Answers>, folder: string) => Read<Partial<Answers>>;
}

/** In the order in which they are asked; an answer may build on those before it. */
export const QUESTIONS: Question[] = [
  { flag: 'project', text: 'Name of the project', preset: (_, folder) => nameOf(folder), read: one('project', checkPart) },
  { flag: 'source', text: 'Where its code is (a folder, a git URL or a tar archive)', preset: sourceOf, read: (text, _, folder) => within(readSource(text, folder), (source) => ({ source })) },
  { flag: 'ref', text: 'Branch, tag or commit to deploy', preset: () => 'main', applies: { if: isGit, otherwise: 'is for a git source, and this one is none. Leave it out.' }, read: one('ref', checkRef) },
  { flag: 'app', text: `What it is (${APPS.join(', ')})`, preset: appOf, read: readApp },
  { flag: 'members', text: 'Addresses of the servers that serve it (web1.example.net, or NAME=ADDRESS)', read: (text, known) => atLeastOne(readServers(text, 'web', known.balancers ?? []), (members) => ({ members })) },
  { flag: 'balancer', text: 'Addresses of the balancers before them (none: leave empty)', preset: () => '', read: readBalancers },
  { flag: 'storage', text: 'Address of a server that keeps uploads, or code and uploads, for all of them over NFS (none: leave empty)', preset: () => '', read: readStorage },
  {
    flag: 'kind',
    text: 'What that server keeps (pack: code and uploads; cluster: uploads alone, and each member has the code)',
    preset: () => 'pack',
    applies: { if: ({ storage }) => storage !== undefined, otherwise: 'says what a storage keeps, and there is none: add --storage, or leave --kind out.' },
    read: readKind,
  },
  { flag: 'shared', text: 'Folders that outlive releases, such as uploads (none: leave empty)', preset: () => '', asked: isUnshared, read: (text) => within(readShared(text), (shared) => ({ shared })) },
  { flag: 'user', text: 'The user that SSH logs in as', preset: () => 'deploy', read: one('user', checkUser) },
  { flag: 'domain', text: 'Domains that the site answers to', read: readDomains },
  { flag: 'group', text: 'Name of the group of servers', preset: () => 'main', read: one('group', checkLabel) },
  { flag: 'environment', text: 'Name of the environment', preset: () => 'live', read: one('environment', checkPart) },
];

const EMPTY: Problem = { message: 'is empty', suggestion: 'name at least one' };

function one(key: 'project' | 'ref' | 'user' | 'group' | 'environment', check: Check): Question['read'] {
  return (text) => {
    const problem = check(text);
    return problem ? { problem } : { value: { [key]: text } };
  };
}

function within<T>(read: Read<T>, into: (value: T) => Partial<Answers>): Read<Partial<Answers>> {
  return 'problem' in read ? read : { value: into(read.value) };
}

const atLeastOne = <T>(read: Read<T[]>, into: (value: T[]) => Partial<Answers>): Read<Partial<Answers>> =>
  within('value' in read && read.value.length === 0 ? { problem: EMPTY } : read, into);

function readBalancers(text: string, { members = [] }: Partial<Answers>): Read<Partial<Answers>> {
  const member = listed(text).find((entry) => members.some((server) => isNamed(server, entry)));
  if (member !== undefined) return { problem: { message: `${quote(member)} is a member of this group, too`, suggestion: 'take another server as balancer' } };
  return within(readServers(text, 'lb', members), (balancers) => ({ balancers }));
}

function readStorage(text: string, { members = [], balancers = [] }: Partial<Answers>): Read<Partial<Answers>> {
  const known = [...members, ...balancers];
  // A member may keep the files of all, and so may a balancer.
  const same = known.find((server) => isNamed(server, text.trim()));
  if (same) return { value: { storage: same } };
  const read = readServers(text, 'nfs', known);
  if ('problem' in read) return read;
  const [storage, second] = read.value;
  if (second) return { problem: { message: `${quote(second.address)} is one too many`, suggestion: 'name one server: a group has one storage' } };
  return { value: storage ? { storage } : {} };
}

function readKind(text: string): Read<Partial<Answers>> {
  return text === 'pack' || text === 'cluster' ? { value: { kind: text } } : { problem: { message: `must be pack or cluster, not ${quote(text)}` } };
}

function readDomains(text: string): Read<Partial<Answers>> {
  const domains = [...new Set(listed(text).map((domain) => domain.toLowerCase()))];
  const problem = domains.map(checkDomain).find(Boolean);
  return problem ? { problem } : atLeastOne({ value: domains }, (value) => ({ domains: value }));
}

function readApp(text: string): Read<Partial<Answers>> {
  const app = APPS.find((name) => name === text);
  if (app) return { value: { app } };
  const near = nearest(text, APPS);
  return { problem: { message: `must be ${oneOf(APPS)}, not ${quote(text)}`, ...(near && { suggestion: didYouMean(near) }) } };
}

function isGit({ source }: Partial<Answers>): boolean {
  return !!source && 'git' in source;
}

/** The folder with the spec, where a site lies in it; the spec is no part of what is deployed. */
function sourceOf({ project }: Partial<Answers>, folder: string): string {
  return detectApp(folder) === 'static' ? `./${project}` : '.';
}

function appOf({ source }: Partial<Answers>, folder: string): string {
  const place = source && 'directory' in source ? localPath(source.directory, folder) : undefined;
  return place !== undefined && existsSync(place) ? detectApp(place) : 'php';
}

function nameOf(folder: string): string {
  const near = basename(folder)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return checkPart(near) ? 'site' : near;
}
