import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { canonicalJson, specHash } from '../../spec/hash.ts';
import { parseSpec } from '../../spec/parse-spec.ts';
import { sliceForEnvironment, sliceForGroup, UnknownNameError } from '../../spec/slice.ts';
import type { Spec } from '../../spec/spec.ts';

const text = readFileSync(new URL('../../examples/cluster.yml', import.meta.url), 'utf8')
  .replace('groups:', '  nfs1: { address: 192.0.2.20, user: deploy }\n\ngroups:')
  .replace('    port: 80\n', '    port: 80\n    files: { server: nfs1 }\n');
const parsed = (edited = text): Spec => {
  const result = parseSpec(edited, '/sites/musher.yml');
  if ('errors' in result) throw new Error(JSON.stringify(result.errors));
  return result.spec;
};
const spec = parsed();

const outline = (slice: Spec) => ({
  servers: Object.keys(slice.servers),
  groups: Object.keys(slice.groups),
  environments: Object.values(slice.projects).flatMap(({ name, environments }) => Object.keys(environments).map((key) => `${name}/${key}`)),
});

describe('a slice', () => {
  test('for an environment', () => {
    expect(outline(sliceForEnvironment(spec, 'shop', 'test'))).toEqual({
      servers: ['old1'],
      groups: ['staging'],
      environments: ['shop/test'],
    });
  });

  test('holds the volumes of its environments alone', () => {
    const volumes = parsed(readFileSync(new URL('../../examples/pack-volumes.yml', import.meta.url), 'utf8'));
    const of = (slice: Spec) => slice.groups.miller!.storage!.volumes;
    expect(of(sliceForEnvironment(volumes, 'miller', 'live'))).toEqual({ 'miller/live': '/srv/volumes/miller' });
    expect(of(sliceForEnvironment(volumes, 'miller', 'test'))).toBeUndefined();
    expect(of(sliceForGroup(volumes, 'miller'))).toEqual({ 'miller/live': '/srv/volumes/miller' });
  });

  test('for a group', () => {
    expect(outline(sliceForGroup(spec, 'eu-cluster'))).toEqual({
      servers: ['lb1', 'web1', 'web2', 'web3', 'nfs1'],
      groups: ['eu-cluster'],
      environments: ['shop/live', 'wiki/live'],
    });
  });

  test('leaves the spec as it was, and holds its values', () => {
    const before = structuredClone(spec);
    const slice = sliceForEnvironment(spec, 'shop', 'live');
    expect(spec).toEqual(before);
    expect(slice.projects.shop!.environments.live).toEqual(spec.projects.shop!.environments.live);
  });

  test('stays the same when something else is edited, and changes with what it holds', () => {
    const hash = (edited: string) => specHash(sliceForEnvironment(parsed(edited), 'shop', 'test'));
    expect(hash(text.replace('v1.4.2', 'v1.4.3').replace('web3.example.net', 'web9.example.net'))).toBe(hash(text));
    expect(hash(text.replace('192.0.2.41', '192.0.2.42'))).not.toBe(hash(text));
  });

  test.each([
    [() => sliceForEnvironment(spec, 'shp', 'live'), 'no project "shp"; did you mean "shop"?'],
    [() => sliceForEnvironment(spec, 'shop', 'prod'), 'no environment "prod" in project "shop"; environments here: "live", "test"'],
    [() => sliceForGroup(spec, 'eu-clutser'), 'no group "eu-clutser"; did you mean "eu-cluster"?'],
    [() => sliceForGroup(spec, 'constructor'), 'no group "constructor"; groups here: "eu-cluster", "staging"'],
    [() => sliceForEnvironment(spec, '__proto__', 'live'), 'no project "__proto__"; projects here: "shop", "wiki"'],
  ])('of a name that is not there: %s', (slice, message) => {
    expect(slice).toThrow(UnknownNameError);
    expect(slice).toThrow(message);
  });
});

describe('canonical JSON', () => {
  test('has one text for equal values', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'ü\n' }], a: true, 10: 0, 9: 0 })).toBe(
      '{"10":0,"9":0,"a":true,"b":[1,{"c":"ü\\n","d":null}]}',
    );
  });

  test('is what JSON makes of a value', () => {
    const value = { a: undefined, b: [undefined, NaN], c: { ['__proto__']: 1 } };
    expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    expect(canonicalJson(spec)).toBe(canonicalJson(JSON.parse(JSON.stringify(spec))));
  });

  test('is hashed as SHA-256', () => {
    expect(specHash({ version: 1, servers: {}, groups: {}, projects: {} })).toBe(
      'sha256:2c8ead786d2c4a4eac40949642cec7acda0aa278cfe825b6a8a093b7a78108e5',
    );
  });
});
