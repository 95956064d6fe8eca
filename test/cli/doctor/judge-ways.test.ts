import { describe, expect, test } from 'vitest';
import { judgeWays } from '../../../cli/doctor/judge-ways.ts';
import { needsOf } from '../../../cli/doctor/needs.ts';
import { parseSpec } from '../../../spec/parse-spec.ts';
import type { Spec } from '../../../spec/spec.ts';

const parsed = parseSpec(
  `version: 1
servers:
  lb1: { address: 192.0.2.30, user: deploy }
  web1: { address: web1.example.net, user: deploy }
  web2: { address: 192.0.2.12, user: deploy }
  web3: { address: 192.0.2.13, user: deploy }
  nfs1: { address: 192.0.2.20, user: deploy }
groups:
  eu: { kind: cluster, members: [web1, web2], balancers: [lb1], files: { server: nfs1 } }
  us: { kind: cluster, members: [web2], balancers: [lb1], port: 8080, root: /srv/sites }
  pack: { kind: pack, members: [web3], storage: { server: nfs1, export: /srv/packs } }
`,
  'musher.yml',
) as { spec: Spec };
const { spec } = parsed;
const needs = (name: string) => needsOf(spec.servers[name]!, spec);
const ways = (name: string) => needs(name).ways.map(({ to, port }) => `${to.name}:${port}`);

describe('what the spec needs of a server', () => {
  test('a balancer reaches every member on the port of its group', () => expect(ways('lb1')).toEqual(['web1:80', 'web2:80', 'web2:8080']));
  test('a member reaches its storage', () => expect([ways('web1'), ways('nfs1')]).toEqual([['nfs1:2049'], []]));
  test('and where code is on it, the port where that is asked for', () => expect(ways('web3')).toEqual(['nfs1:2049', 'nfs1:20048']));
  test('kernels and folders', () => {
    expect(needs('web2')).toMatchObject({ nfs: ['nfsv4'], roots: ['/var/aegir/projects', '/srv/sites'] });
    expect(needs('web3')).toMatchObject({ nfs: ['nfsv4', 'nfsv3'] });
    expect(needs('nfs1')).toMatchObject({ nfs: ['nfsd'], roots: ['/var/aegir/projects', '/srv/packs'] });
    expect(needs('lb1')).toMatchObject({ nfs: [], roots: [] });
  });
});

describe('an attempt to reach a server', () => {
  const facts = (more: Record<string, string>) => ({ facts: more, said: '' });
  const judged = (said: string | undefined, target?: Record<string, string>) => {
    const answers = new Map([['web1', facts(said === undefined ? {} : { 'way:192.0.2.20 2049': said })]]);
    if (target) answers.set('nfs1', facts(target));
    return judgeWays(spec.servers['web1']!, needs('web1'), answers)[0]!;
  };
  const WITHOUT = { listens: '0016 0050' };
  const WITH = { listens: '0016 0801' };

  test.each([
    ['that is open', 'open', WITH, 'ok', 'reaches 192.0.2.20, TCP port 2049'],
    ['that is refused where nothing listens yet', 'refused', WITHOUT, 'ok', 'nothing listens there yet'],
    ['that is refused where something listens', 'refused', WITH, 'failed', 'something listens on that port'],
    ['that is refused by one who was not asked', 'refused', undefined, 'warning', 'nfs1 could not be asked'],
    ['that gets no answer', 'silent', WITHOUT, 'failed', '192.0.2.20, TCP port 2049 gives no answer'],
    ['whose name is not known', 'unknown', WITHOUT, 'failed', 'web1 does not know the name'],
    ['to which there is no route', 'No route to host', WITHOUT, 'failed', 'No route to host'],
    ['that could not be made', undefined, WITHOUT, 'warning', 'was not tried'],
  ])('%s', (_, said, target, state, message) => {
    const finding = judged(said, target);
    expect(finding).toMatchObject({ subject: 'web1', check: 'to nfs1', state, message: expect.stringContaining(message) as string });
    expect(finding.remedy === undefined).toBe(state === 'ok');
  });

  test('by a server that cannot be logged in to is not judged', () => {
    expect(judgeWays(spec.servers['web1']!, needs('web1'), new Map([['web1', { said: 'no' }]]))).toEqual([]);
  });
});
