import { describe, expect, test } from 'vitest';
import { differences } from '../lab/oracle/differences.ts';
import { EXCEPTIONS } from '../lab/oracle/exceptions.ts';
import type { HostPicture } from '../lab/oracle/picture.ts';

// How the compensation tests compare hosts before and after an operation.

const host = (facts: Record<string, string>, owners: Record<string, string> = {}): HostPicture => ({ facts, owners });
const NGINX = { 'package nginx': '1.22.1' };

test('Equal hosts do not differ', () => {
  const web1 = host({ 'path /etc/fstab': 'file 0644 0:0 sha256:1', 'unit cron.service': 'active' });
  expect(differences({ web1 }, { web1: structuredClone(web1) })).toEqual([]);
});

describe('A difference is a line with its host, what it is about, and both states', () => {
  test.each([
    ['a content', { 'path /etc/a': 'file 0644 0:0 sha256:1' }, { 'path /etc/a': 'file 0644 0:0 sha256:2' }, 'path /etc/a was file 0644 0:0 sha256:1, is file 0644 0:0 sha256:2'],
    ['a mode', { 'path /etc/a': 'folder 0755 0:0' }, { 'path /etc/a': 'folder 0711 0:0' }, 'path /etc/a was folder 0755 0:0, is folder 0711 0:0'],
    ['what is new', {}, { 'user m-shop--live': 'x:20000' }, 'user m-shop--live was absent, is x:20000'],
    ['what is gone', { 'enabled nginx.service': 'enabled' }, {}, 'enabled nginx.service was enabled, is absent'],
    ['another version of a package', NGINX, { 'package nginx': '1.24.0' }, 'package nginx was 1.22.1, is 1.24.0'],
    ['a removed package', NGINX, {}, 'package nginx was 1.22.1, is absent'],
    ['a package that is half installed', {}, { 'package nginx': 'install ok half-configured' }, 'package nginx was absent, is install ok half-configured'],
  ])('%s', (_, before, after, line) => {
    expect(differences({ web1: host(before as Record<string, string>) }, { web1: host(after as Record<string, string>) })).toEqual([`web1: ${line}`]);
  });

  test('a host that only one picture shows', () => {
    expect(differences({ web1: host({}) }, { web1: host({}), web2: host({}) })).toEqual(['web2: only one of the two pictures shows it']);
  });
});

describe('Installed packages are excepted', () => {
  const name = 'path /etc/nginx/nginx.conf';

  test('and what they brought', () => {
    expect(differences({ web1: host({}) }, { web1: host({ ...NGINX, [name]: 'file' }, { [name]: 'nginx' }) })).toEqual([]);
  });

  test('but not what was changed of a package that was there before', () => {
    const owners = { [name]: 'nginx' };
    expect(differences({ web1: host({ ...NGINX, [name]: 'file 1' }, owners) }, { web1: host({ ...NGINX, [name]: 'file 2' }, owners) })).toEqual([`web1: ${name} was file 1, is file 2`]);
  });

  test('nor, where no package is new, what only packages leave', () => {
    const { what } = EXCEPTIONS.find(({ withPackages }) => withPackages)!;
    const left = 'path /etc/ld.so.cache';
    expect(left).toMatch(what);
    const [before, after] = [host({ [left]: 'file 1' }), host({ [left]: 'file 2' })];
    expect(differences({ web1: before }, { web1: after })).toHaveLength(1);
    expect(differences({ web1: before }, { web1: host({ ...after.facts, ...NGINX }) })).toEqual([]);
  });
});

test('What a gate has let in may be newer; its own file may not', () => {
  const gate = (token: string, program: string) => ({ web1: host({ 'path /var/lib/musher/gate/group%eu': token, 'path /usr/local/lib/musher/gate': program }) });
  expect(differences(gate('1', 'a'), gate('2', 'a'))).toEqual([]);
  expect(differences(gate('1', 'a'), gate('1', 'b'))).toHaveLength(1);
});

test('Every exception has its reason', () => {
  for (const { why, what } of EXCEPTIONS) expect(why.length, String(what)).toBeGreaterThan(5);
});
