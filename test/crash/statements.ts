import type { LoadFailure } from '../../lab/load/load.ts';
import type { Evidence } from './evidence.ts';
import { faultOf } from './fault-table.ts';
import { differences, fingerprintOf, type HostLook } from './look.ts';
import type { Run } from './runs.ts';
import type { Made } from './strike.ts';

/** What was found against a statement, in words: empty where it holds; null where it was not due. */
export type Finding = string[] | null;

/** The twelve statements of what always holds, each by what it was looked at with. */
export const STATEMENTS: Record<string, { says: string; look: (evidence: Evidence) => Finding }> = {
  1: { says: 'no request is lost but those that the fault may cost', look: noRequestLost },
  2: { says: 'members in service serve one and the same whole release', look: oneWholeRelease },
  3: { says: 'nobody is left drained; who is out on purpose is named', look: nobodyDrained },
  4: { says: 'a once hook runs once', look: hookRanOnce },
  5: { says: "shared paths' contents are neither deleted nor overwritten", look: sharedKept },
  6: { says: 'two operations never interleave', look: neverInterleaved },
  7: { says: "a worker's death repeats no finished host", look: noHostRepeated },
  8: { says: 'a secret is in no history, log, argument list or leftover file', look: secretNowhere },
  9: { says: 'a second provision changes nothing', look: provisionChangesNothing },
  10: { says: 'after compensation hosts are as they were before', look: compensated },
  11: { says: 'a member that missed a release serves again only after it has caught up', look: lateMemberWaits },
  12: { says: 'nothing is written into a mount point whose storage is not mounted', look: nothingBelowMounts },
};

/** Their numbers, in order. */
export const NAMES = Object.keys(STATEMENTS).sort((a, b) => Number(a) - Number(b));

/** A request that was under way may have been sent so long before the fault. */
const LONGEST_REQUEST_MS = 25_000;
/** What was asked just before the end may be answered so long after it: the slow page's sleep, and a busy machine. */
const LAST_ANSWERS_MS = 8_000;

function noRequestLost({ load, strikes, runs }: Evidence): Finding {
  const start = Date.parse(load.startedAt);
  const lost = load.failures.filter((failure) => !strikes.some((made) => isAllowed(failure, start, made, runs)));
  const told = lost.map(({ at, after, page, kind, detail }) => `${at} s after the load began, for ${after} s: ${page}, ${kind}: ${detail.slice(0, 160)}`);
  const uncounted = load.failed > load.failures.length ? [`${load.failed - load.failures.length} more failures were not told one by one`] : [];
  return load.requests > 20 ? [...told.slice(0, 5), ...(told.length > 5 ? [`${told.length} in all`] : []), ...uncounted] : [`the load asked ${load.requests} times only`];
}

/** Whether a failed request is one of those that were allowed beforehand. `at` is when it was sent, `after` how long until it failed, in seconds. */
export function isAllowed({ at, after }: Pick<LoadFailure, 'at' | 'after'>, loadStart: number, strike: Made, runs: readonly Run[]): boolean {
  const { fault, made, mended, hit } = strike;
  if (!hit) return false;
  const { who, seconds } = faultOf(fault).allowed;
  const [sent, failed] = [loadStart + at * 1000, loadStart + (at + after) * 1000];
  if (who === 'nobody' || failed < made.from || sent < made.from - LONGEST_REQUEST_MS) return false;
  if (who === 'everybody') return sent <= mended.to + seconds * 1000;
  return sent <= made.to + seconds * 1000 || nobodyElse(sent, strike, runs);
}

/** Where a group has two members, the other one may be out for its switch: then nobody is there to answer until one is back. */
function nobodyElse(sent: number, { made, mended, host }: Made, runs: readonly Run[]): boolean {
  const members = new Set(runs.filter(isSwitch).flatMap(({ tasks }) => tasks.filter(({ host: name }) => name.startsWith('web')).map(({ host: name }) => name)));
  if (members.size > 2) return false;
  const rolling = runs.filter((run) => isSwitch(run) && run.tasks.some(({ host: name }) => name.startsWith('web') && name !== host));
  return rolling.some(({ from, to }) => from <= mended.to && to >= made.from && sent >= from && sent <= Math.max(to, mended.to) + 15_000);
}

const isSwitch = ({ play }: Run): boolean => play === 'Take the members out of service';

function oneWholeRelease({ answers, behind, after, manifests, storage, ends }: Evidence): Finding {
  const found: string[] = [];
  const served = new Map<string, string[]>();
  for (const [member, answer] of Object.entries(answers)) {
    if (member in behind) continue;
    if (typeof answer === 'string') {
      found.push(`${member} answers no page: ${answer}`);
      continue;
    }
    const { release, version } = answer;
    served.set(release, [...(served.get(release) ?? []), member]);
    const held = after[storage ?? member]?.releases[release];
    if (held === undefined) found.push(`${member} serves ${release}, which ${storage ?? member} does not hold`);
    else if (held !== manifests.get(version)) found.push(`${release} on ${storage ?? member} is not what version ${version} was made of`);
  }
  if (served.size > 1) found.push(`members serve different releases: ${[...served].map(([id, members]) => `${members.join(', ')} ${id}`).join('; ')}`);
  const last = ends.at(-1)!;
  const meant = last.status === 'COMPLETED' ? last.result?.release?.id : undefined;
  if (meant !== undefined && !served.has(meant)) found.push(`${meant} was deployed, and nobody serves it`);
  return found;
}

function nobodyDrained({ after, behind }: Evidence): Finding {
  const { states, held } = Object.values(after).find(({ balancer }) => balancer)!.balancer!;
  if (!states['shop_live']) return ['HAProxy does not run, or does not know shop/live'];
  const found = Object.entries(states['shop_live'])
    .filter(([server, status]) => !/^(BACKEND|FRONTEND)$/.test(server) && !/^UP( |$)/.test(status) && !(server.replace(/:.*/, '') in behind))
    .map(([server, status]) => `${server} is ${status}, and nobody says that it is left out`);
  const hidden = held.filter((server) => server.startsWith('shop_live/') && !(server.slice(10).replace(/:.*/, '') in behind));
  return [...found, ...hidden.map((server) => `${server} is disabled in the configuration, and nobody says that it is left out`)];
}

function hookRanOnce({ before, after, ends }: Evidence): Finding {
  const known = count(Object.values(before).flatMap(({ hooks }) => hooks));
  const ran = count(Object.values(after).flatMap(({ hooks }) => hooks));
  const found = [...ran].filter(([id, times]) => times > 1 && (known.get(id) ?? 0) < times).map(([id, times]) => `the hook of ${id} ran ${times} times`);
  const missing = ends.filter(({ status, result }) => status === 'COMPLETED' && result?.operation === 'deploy' && !ran.has(result.release!.id));
  return [...found, ...missing.map(({ result }) => `${result!.release!.id} was deployed, and its hook left no mark`)];
}

const count = (words: readonly string[]): Map<string, number> => words.reduce((counts, word) => counts.set(word, (counts.get(word) ?? 0) + 1), new Map<string, number>());

function sharedKept({ before, after }: Evidence): Finding {
  return Object.entries(before).flatMap(([host, { shared, hooks }]) => {
    const now = after[host]!;
    // The hook's own file grows.
    const lost = Object.entries(shared).filter(([path, hash]) => path !== 'data/hook-ran' && now.shared[path] !== hash);
    const cut = hooks.some((id, index) => now.hooks[index] !== id) ? [`${host}: data/hook-ran no longer begins with what was in it`] : [];
    return [...lost.map(([path]) => `${host}: ${path} ${path in now.shared ? 'has other contents' : 'is gone'}`), ...cut];
  });
}

function neverInterleaved({ runs, before, after }: Evidence): Finding {
  const changing = runs.filter(({ workflowId }) => /^(environment|group|recover)\//.test(workflowId));
  // All of a row are about one environment or its whole group: from its first task on any host to its last on any, each has all hosts to itself.
  const spans = new Map<string, { workflowId: string; from: number; to: number }>();
  for (const { workflowId, tasks } of changing) {
    for (const { from, to } of tasks) {
      const span = spans.get(workflowId);
      spans.set(workflowId, { workflowId, from: Math.min(from, span?.from ?? from), to: Math.max(to, span?.to ?? to) });
    }
  }
  const all = [...spans.values()].sort((a, b) => a.from - b.from);
  const meetings = all.flatMap((one, index) => all.slice(index + 1).filter((other) => other.from < one.to).map((other) => `${other.workflowId} began its work ${Math.round(one.to - other.from)} ms before ${one.workflowId} had ended its own`));
  const backwards = Object.entries(before).flatMap(([host, { gates }]) =>
    Object.entries(gates).filter(([scope, token]) => isOlder(after[host]!.gates[scope], token)).map(([scope, token]) => `the gate of ${host} has gone back for ${scope}, from ${token} to ${after[host]!.gates[scope]}`),
  );
  return [...meetings, ...backwards];
}

function isOlder(token: string | undefined, than: string): boolean {
  const [is, was] = [token ?? '', than].map((text) => text.split(' ')[0]!.split('.').map(Number)) as [number[], number[]];
  for (let index = 0; index < was.length; index++) if ((is[index] ?? -1) !== was[index]) return (is[index] ?? -1) < was[index]!;
  return false;
}

function noHostRepeated({ runs, strikes, storage }: Evidence): Finding {
  // What a storage exports follows from what all members say in one run, so a provision with one that died is run again whole.
  const once = runs.filter(({ workflowId }) => storage === undefined || !workflowId.startsWith('group/'));
  const repeated = once.flatMap(({ workflowId, play, done }) => [...count(done)].filter(([, times]) => times > 1).map(([host, times]) => `${workflowId} was through with ${host} ${times} times in "${play}"`));
  const onlyWorker = strikes.every(({ fault }) => ['worker', 'freeze', 'server', 'terminate'].includes(fault));
  const again = onlyWorker ? runs.filter(({ starts }) => starts > 1).map(({ workflowId, play, starts }) => `${workflowId} started Ansible ${starts} times for "${play}"`) : [];
  return [...repeated, ...again];
}

function secretNowhere({ after, leaks }: Evidence): Finding {
  const onHosts = Object.entries(after).flatMap(([host, { secrets }]) => secrets.map((place) => `${place} on ${host}`));
  return [...leaks, ...onHosts].map((place) => `a secret is in ${place}`);
}

function provisionChangesNothing({ provisioned }: Evidence): Finding {
  if (provisioned === undefined) return null;
  const told = provisioned.filter(({ changed }) => changed !== undefined);
  if (told.length === 0) return ['the provision left no count of changes'];
  const byWhich = (run: Run): string => run.tasks.filter(({ hasChanged }) => hasChanged).map(({ task, host }) => `"${task}" on ${host}`).join(', ');
  return told.filter(({ changed }) => changed! > 0).map((run) => `Ansible counts ${run.changed} changes in the run that begins with "${run.play}": ${byWhich(run)}`);
}

function compensated({ ends, before, after }: Evidence): Finding {
  const [end] = ends;
  if (ends.length > 1 || end?.result === undefined || !['failed', 'cancelled'].includes(end.result.outcome)) return null;
  // What could not be undone is named, with its host: that is another statement's.
  const named = end.result.notUndone.map(({ host, message }) => host ?? message.split(':')[0]!);
  return Object.keys(before)
    .filter((host) => !named.includes(host))
    .flatMap((host) => differences(withoutThose(named, before[host]!), withoutThose(named, after[host]!)).map((difference) => `${host}: ${difference}`).slice(0, 5));
}

/** What a host is like, but for what a balancer's configuration and state say of members that are named: they are left out. */
function withoutThose(named: readonly string[], look: HostLook): Record<string, string> {
  const { balancer, owned } = look;
  if (!balancer || named.length === 0) return fingerprintOf(look);
  const isNamed = (server: string): boolean => named.includes(server.replace(/^.*\//, '').replace(/:.*/, ''));
  const { '/etc/haproxy/haproxy.cfg': _, ...others } = owned;
  const live = Object.entries(balancer.states['shop_live'] ?? {}).filter(([server]) => !isNamed(server));
  const held = balancer.held.filter((server) => !(server.startsWith('shop_live/') && isNamed(server)));
  return fingerprintOf({ ...look, owned: others, balancer: { ...balancer, states: { ...balancer.states, shop_live: Object.fromEntries(live) }, held } });
}

function lateMemberWaits({ strikes, load, ends, answers, behind, runs }: Evidence): Finding {
  if (!strikes.some(({ fault }) => ['link-5', 'link-45', 'power-member', 'disk-member'].includes(fault))) return null;
  const answer = Object.entries(answers).find(([member, one]) => !(member in behind) && typeof one !== 'string')?.[1];
  if (answer === undefined || typeof answer === 'string') return ['no member in service says what it serves'];
  // Not only once its server is back: nothing may ask it in the moment in which it returns either. One that was cut off ends when it has been cleared up after.
  const end = Math.max(...ends.map(({ endedAt }) => endedAt), ...runs.filter(({ workflowId }) => workflowId.startsWith('recover/')).map(({ to }) => to)) + LAST_ANSWERS_MS;
  const start = Date.parse(load.startedAt);
  const late = load.seen.filter(({ release, last }) => release !== answer.release && start + last * 1000 > end);
  return late.map(({ member, release, last }) => `${member} was asked by the balancer for ${release} until ${last} s after the load began, when ${answer.release} was the one to serve`);
}

function nothingBelowMounts({ after, storage }: Evidence): Finding {
  if (storage === undefined) return null;
  return Object.entries(after).flatMap(([host, { below }]) => Object.entries(below).filter(([, names]) => names.length > 0).map(([point, names]) => `${host}: below ${point} lie ${names.slice(0, 5).join(', ')}`));
}
