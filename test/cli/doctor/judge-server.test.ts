import { describe, expect, test } from 'vitest';
import { judgeServer } from '../../../cli/doctor/judge-server.ts';
import type { Needs } from '../../../cli/doctor/needs.ts';

const SERVER = { name: 'web1', address: 'web1.example.net', port: 22, user: 'deploy', become: true, python: '/usr/bin/python3' };
const KNOWN = ['debian 12', 'ubuntu 24.04'];
const FACTS = { time: '0', distribution: 'debian 12', python: '3.11', root: 'yes', nfsv3: 'yes', nfsv4: 'yes', nfsd: 'yes', 'free:/var/aegir/projects': '20000000', end: 'yes' };

const NEEDS: Needs = { roots: [], nfs: ['nfsv3', 'nfsv4', 'nfsd'], ways: [] };

const judged = (facts: Record<string, string>, skew: number | undefined = 0.1) => judgeServer(SERVER, NEEDS, { facts: { ...FACTS, ...facts }, said: '', ...(skew !== undefined && { skew }) }, KNOWN).filter(({ state }) => state !== 'ok');

test('A server that has all is well', () => {
  expect(judged({})).toEqual([]);
});

test.each([
  ['sudo', { root: 'no' }, 'failed', 'deploy may not become root', 'NOPASSWD'],
  ['distribution', { distribution: 'debian 11' }, 'failed', 'debian 11; Musher knows debian 12, ubuntu 24.04', 'Install one of those'],
  ['distribution', { distribution: '' }, 'failed', 'none that says its name', 'Install one of those'],
  ['Python', { python: '' }, 'failed', '/usr/bin/python3 does not run there', 'Install Python 3.9'],
  ['Python', { python: '3.8' }, 'failed', '3.8 is too old', 'Install Python 3.9'],
  ['Python', { python: '2.7' }, 'failed', '2.7 is too old', 'Install Python 3.9'],
  ['disk', { 'free:/var/aegir/projects': '50000' }, 'failed', '51 MB free at /var/aegir/projects', 'Make room'],
  ['disk', { 'free:/var/aegir/projects': '500000' }, 'warning', '512 MB free', 'Make room'],
  ['NFS', { nfsd: 'no' }, 'failed', 'cannot serve files (nfsd)', 'modprobe nfsd'],
  ['NFS', { nfsv3: 'no' }, 'failed', 'cannot mount code (nfsv3)', 'modprobe'],
  ['NFS', { nfsv4: 'no' }, 'failed', 'cannot mount shared files (nfsv4)', 'modprobe nfsv4'],
])('%s: %j', (check, facts, state, message, remedy) => {
  expect(judged(facts)).toMatchObject([{ subject: 'web1', check, state, message: expect.stringContaining(message) as string, remedy: expect.stringContaining(remedy) as string }]);
});

test('NFS is looked at only where the spec needs it', () => {
  const look = (nfs: Needs['nfs']) => judgeServer(SERVER, { ...NEEDS, nfs }, { facts: { ...FACTS, nfsv4: 'no', nfsd: 'no' }, said: '' }, KNOWN).filter(({ check }) => check === 'NFS');
  expect(look([])).toEqual([]);
  expect(look(['nfsd'])).toMatchObject([{ message: 'the kernel cannot serve files (nfsd)' }]);
});

test.each([[2.5], [-2.5], [undefined], [NaN]])('a clock off by %s s is to be looked at', (skew) => {
  expect(judgeServer(SERVER, NEEDS, { facts: FACTS, said: '', ...(skew !== undefined && { skew }) }, KNOWN).find(({ check }) => check === 'clock')).toMatchObject({ state: 'warning' });
});

describe('what ssh says is told as what to mend', () => {
  test.each([
    ['Host key verification failed.', 'host key', 'musher trust web1'],
    ['deploy@web1: Permission denied (publickey).', 'SSH login', 'authorized_keys'],
    ['ssh: connect to host web1.example.net port 22: Connection refused', 'SSH', 'Check "address" and "port"'],
    ['', 'SSH', 'ssh -p 22 deploy@web1.example.net'],
  ])('%s', (said, check, remedy) => {
    expect(judgeServer(SERVER, NEEDS, { said }, KNOWN)).toMatchObject([{ check, state: 'failed', remedy: expect.stringContaining(remedy) as string }]);
  });

  test('a login is tried by hand with the key that the spec names', () => {
    const [finding] = judgeServer({ ...SERVER, key: '/keys/of shop' }, NEEDS, { said: '' }, KNOWN);
    expect(finding!.remedy).toContain("ssh -i '/keys/of shop' -p 22 deploy@web1.example.net");
  });
});
