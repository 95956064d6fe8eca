import { expect, test } from 'vitest';
import type { LoadReport } from '../../lab/load/load.ts';
import type { OperationResult } from '../../contract/result.ts';
import type { Evidence } from './evidence.ts';
import type { HostLook } from './look.ts';
import { rowOf } from './row-of.ts';
import type { Run } from './runs.ts';
import { NAMES, STATEMENTS } from './statements.ts';
import type { Made } from './strike.ts';

// Each statement must be seen to break: what follows is evidence of a whole row, and of one that is broken in one thing.

const START = 1_800_000_000_000;
const seconds = (after: number): number => START + after * 1000;

const host = (more: Partial<HostLook> = {}): HostLook => ({
  ...{ owned: { '/etc/nginx/nginx.conf': 'f 644 0:0 aa' }, shared: { 'data/kept': '11', 'data/hook-ran': '22' }, hooks: ['r1'], gates: { 'shop/live': '4.2.11' } },
  ...{ balancer: null, exports: [], mounts: [], below: {}, releases: { r1: 'one', r2: 'two' }, secrets: [] },
  ...more,
});
const balancer = (web2 = 'UP', held: string[] = []): HostLook => host({ shared: {}, hooks: [], balancer: { states: { shop_live: { BACKEND: 'UP', web1: 'UP', web2 } }, held } });

const run = (more: Partial<Run> = {}): Run => ({ workflowId: 'environment/shop/live/a', starts: 1, done: ['web1'], changed: 0, tasks: [{ host: 'web1', task: 'x', from: seconds(10), to: seconds(20), hasChanged: false }], from: seconds(9), to: seconds(21), play: 'Switch', ...more });

const load = (more: Partial<LoadReport> = {}): LoadReport => ({
  ...{ startedAt: new Date(START).toISOString(), seconds: 120, requests: 900, failed: 0, fresh: 450, failedByKind: {}, failures: [], byEnvironment: {}, byMember: {}, byRelease: {} },
  byPage: {} as LoadReport['byPage'],
  seen: [{ environment: 'shop/live', member: 'web2', release: 'r1', version: '1', first: 0, last: 40, requests: 9 }],
  ...more,
});

const result = (more: Partial<OperationResult> = {}): OperationResult => ({
  ...{ version: 1, operation: 'deploy', subject: 'shop/live', outcome: 'done', message: '', undone: [], notUndone: [], members: [], steps: [], seconds: 30, workSeconds: 20, changed: 3 },
  release: { id: 'r2', checksum: '', files: 1, bytes: 1 },
  ...more,
});
const end = (told: OperationResult): Evidence['ends'][number] => ({ workflowId: 'environment/shop/live/a', runId: 'a', status: told.outcome === 'done' ? 'COMPLETED' : 'FAILED', startedAt: START, endedAt: seconds(50), result: told });
const failed = end(result({ outcome: 'failed' }));
const cut: Made = { fault: 'link-5', host: 'web2', seconds: 5, hit: true, made: { from: seconds(20), to: seconds(20) }, mended: { from: seconds(25), to: seconds(25) } };

const evidence = (more: Partial<Evidence> = {}): Evidence => ({
  ...{ row: rowOf('nspawn-1-1'), met: { met: true, during: [] }, strikes: [cut], ends: [end(result())], load: load(), runs: [run()], behind: {}, storage: undefined, provisioned: [run()], leaks: [] },
  before: { web1: host(), web2: host({ hooks: [] }), lb1: balancer() },
  after: { web1: host({ hooks: ['r1', 'r2'] }), web2: host({ hooks: [] }), lb1: balancer() },
  answers: { web1: { member: 'web1', release: 'r2', version: '2' }, web2: { member: 'web2', release: 'r2', version: '2' } },
  manifests: new Map([['1', 'one'], ['2', 'two']]),
  ...more,
});

/** What of an undamaged row's evidence is after it, with some hosts otherwise. */
const after = (more: Evidence['after']): Evidence => evidence({ after: { ...evidence().after, ...more } });

test('Nothing is found where nothing is wrong, and what is not due is not said to hold', () => {
  const found = Object.fromEntries(NAMES.map((name) => [name, STATEMENTS[name]!.look(evidence())]));
  expect(found).toEqual({ ...Object.fromEntries(NAMES.map((name) => [name, []])), 10: null, 12: null });
  expect(STATEMENTS['9']!.look(evidence({ provisioned: undefined }))).toBeNull();
  expect(STATEMENTS['11']!.look(evidence({ strikes: [{ ...cut, fault: 'worker' }] }))).toBeNull();
  expect(STATEMENTS['10']!.look(evidence({ ends: [failed], after: evidence().before }))).toEqual([]);
  expect(STATEMENTS['12']!.look(evidence({ storage: 'nfs1' }))).toEqual([]);
  // Who could not be put back is named, and a balancer leaves it out.
  const named = end(result({ outcome: 'failed', notUndone: [{ step: 'switch batch 1 of 2', host: 'web2', message: 'web2: no route' }] }));
  const held = { ...evidence().before, lb1: { ...balancer('MAINT', ['shop_live/web2', 'shop_live/web2:-any']), owned: { '/etc/haproxy/haproxy.cfg': 'other' } } };
  expect(STATEMENTS['10']!.look(evidence({ ends: [named], before: { ...evidence().before, lb1: { ...balancer(), owned: {} } }, after: held }))).toEqual([]);
});

const failure = { at: 60, after: 1, environment: 'shop/live', page: 'plain', connection: 'fresh', kind: 'status', detail: 'status 503' } as const;
const BROKEN: [statement: number, what: string, evidence: Evidence][] = [
  [1, 'a request failed when none may', evidence({ load: load({ failed: 1, failures: [failure] }) })],
  [1, 'more failed than were told', evidence({ load: load({ failed: 9, failures: [{ ...failure, at: 19.5 }] }) })],
  [1, 'nothing was asked', evidence({ load: load({ requests: 3 }) })],
  [2, 'members serve different releases', evidence({ answers: { ...evidence().answers, web2: { member: 'web2', release: 'r1', version: '1' } } })],
  [2, 'a release is not whole', after({ web1: host({ releases: { r2: 'half' } }) })],
  [2, 'a member in service answers nothing', evidence({ answers: { ...evidence().answers, web2: 'status 502' } })],
  [2, 'another release was deployed than is served', evidence({ ends: [end(result({ release: { id: 'r3', checksum: '', files: 1, bytes: 1 } }))] })],
  [3, 'a member is drained', after({ lb1: balancer('DRAIN') })],
  [3, 'a member is disabled in the configuration', after({ lb1: balancer('UP', ['shop_live/web2']) })],
  [3, 'HAProxy does not run', after({ lb1: host({ balancer: { states: {}, held: [] } }) })],
  [4, 'the hook ran twice on one host', after({ web1: host({ hooks: ['r1', 'r2', 'r2'] }) })],
  [4, 'the hook ran on two hosts', after({ web2: host({ hooks: ['r2'] }) })],
  [4, 'the hook never ran', after({ web1: host() })],
  [5, 'a shared file is gone', after({ web1: host({ shared: {} }) })],
  [5, 'a shared file has other contents', after({ web2: host({ shared: { 'data/kept': '12' }, hooks: [] }) })],
  [5, "the hook's file was written anew", after({ web1: host({ hooks: ['r2'] }) })],
  [6, 'another operation worked on the host meanwhile', evidence({ runs: [run(), run({ workflowId: 'environment/shop/live/b', tasks: [{ host: 'web1', task: 'y', from: seconds(15), to: seconds(25) }] })] })],
  [6, 'another operation worked on another host meanwhile', evidence({ runs: [run(), run({ workflowId: 'recover/environment/shop/live/b', tasks: [{ host: 'web2', task: 'y', from: seconds(15), to: seconds(25) }] })] })],
  [6, "a gate's token went back", after({ web1: host({ hooks: ['r1', 'r2'], gates: { 'shop/live': '4.2.9' } }) })],
  [7, 'a host was finished twice', evidence({ runs: [run({ done: ['web1', 'web2', 'web1'] })] })],
  [7, "a worker's death started Ansible again", evidence({ strikes: [{ ...cut, fault: 'worker' }], runs: [run({ starts: 2 })] })],
  [8, 'a secret is in a file of the worker', evidence({ leaks: ['temporal.db'] })],
  [8, 'a secret is in a file of a host', after({ web2: host({ hooks: [], secrets: ['/var/log/syslog'] }) })],
  [9, 'the provision changed something', evidence({ provisioned: [run({ changed: 2 })] })],
  [9, 'the provision left no count', evidence({ provisioned: [] })],
  [10, 'a file was left otherwise', evidence({ ends: [failed], after: { ...evidence().before, web1: host({ owned: { '/etc/nginx/nginx.conf': 'f 600 0:0 aa' } }) } })],
  [10, 'another than the one that is named was left drained', evidence({ ends: [end(result({ outcome: 'failed', notUndone: [{ step: 'x', host: 'web1', message: 'web1: no route' }] }))], after: { ...evidence().before, lb1: balancer('DRAIN') } })],
  [10, 'a member was left drained', evidence({ ends: [failed], after: { ...evidence().before, lb1: balancer('DRAIN') } })],
  [11, 'the balancer asked a late member', evidence({ load: load({ seen: [{ ...load().seen[0]!, last: 100 }] }) })],
  [11, 'the balancer asked a late member as soon as it was back', evidence({ strikes: [{ ...cut, mended: { from: seconds(68), to: seconds(70) } }], load: load({ seen: [{ ...load().seen[0]!, last: 72 }] }) })],
  [12, 'something lies below a mount', evidence({ storage: 'nfs1', after: { ...evidence().after, web1: host({ below: { '/x/shared': ['upload.txt'] } }) } })],
];

test.each(BROKEN)('statement %i does not hold: %s', (number, _what, broken) => {
  expect(STATEMENTS[String(number)]!.look(broken)).not.toEqual([]);
  expect(STATEMENTS[String(number)]!.look(broken)).not.toBeNull();
});
