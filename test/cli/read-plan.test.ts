import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CommandError } from '../../cli/command-error.ts';
import { ExitCode } from '../../cli/exit-code.ts';
import { readPlan } from '../../cli/read-plan.ts';
import { deployRequest, provisionRequest, rollBackRequest } from '../../client/requests.ts';
import type { OperationRequest } from '../../contract/requests.ts';
import { parseSpec } from '../../spec/parse-spec.ts';
import type { Spec } from '../../spec/spec.ts';
import { shopSpec } from './shop-spec.ts';

const { spec } = parseSpec(shopSpec({ servers: { web1: '192.0.2.12' } }), 'musher.yml') as { spec: Spec };
const DEPLOY = deployRequest(spec, { project: 'shop', environment: 'live' });
const ROLL_BACK = rollBackRequest(spec, { project: 'shop', environment: 'live' });
const PROVISION = provisionRequest(spec, 'eu-cluster');

const RELEASE = { id: '20260102T030405Z-1a2b3c', checksum: null };
const CHANGES = [{ host: 'web1', change: `to ${RELEASE.id}` }];
const PLAN = { operation: 'deploy', subject: 'shop/live', release: RELEASE, changes: CHANGES };

let folder: string;

beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'musher-plan-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const read = (text: string, request: OperationRequest) => {
  const file = join(folder, 'plan.json');
  writeFileSync(file, text);
  return readPlan(file, request);
};

test.each([
  ['nothing', ''],
  ['null', 'null'],
  ['a list', '[]'],
  ['no release', JSON.stringify({ operation: 'deploy', subject: 'shop/live', changes: [] })],
  ['a release that is null', JSON.stringify({ ...PLAN, release: null })],
  ['a release without an id', JSON.stringify({ ...PLAN, release: {} })],
  ['an id that is empty', JSON.stringify({ ...PLAN, release: { id: '' } })],
  ['a change that is null', JSON.stringify({ ...PLAN, changes: [null] })],
  ['changes that are numbers', JSON.stringify({ ...PLAN, changes: [{ host: 1, change: 2 }] })],
  ['a source that is none', JSON.stringify({ ...PLAN, source: { commit: 7 } })],
  ['an operation that is none', JSON.stringify({ ...PLAN, operation: 'observe' })],
  ['what is nested without end', JSON.stringify(PLAN).replace('{', `{"more":${'['.repeat(50_000)}${']'.repeat(50_000)},`)],
])('A file with %s holds no plan, and the way to one is said', async (_, text) => {
  const error = await read(text, DEPLOY).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CommandError);
  expect(error).toMatchObject({ exitCode: ExitCode.refused, message: expect.stringMatching(/plan\.json holds no plan\. Write one with: musher plan deploy shop\/live --json >plan\.json$/) as string });
});

test('What is damaged of a provision and of a roll back is no plan either', async () => {
  await expect(read(JSON.stringify({ operation: 'provision', subject: 'eu-cluster', changes: [{}] }), PROVISION)).rejects.toThrow('holds no plan. Write one with: musher plan provision eu-cluster');
  await expect(read(JSON.stringify({ ...PLAN, operation: 'rollBack', release: undefined }), ROLL_BACK)).rejects.toThrow('holds no plan. Write one with: musher plan rollback shop/live');
});

test('A plan is read with all that is in it', async () => {
  const deploy = await read(JSON.stringify({ ...PLAN, source: { commit: 'c0ffee' }, more: 1 }), DEPLOY);
  expect(deploy).toMatchObject({ source: { commit: 'c0ffee' }, changes: ['web1: to the new release'] });
  expect((await read(JSON.stringify({ ...PLAN, more: 2 }), DEPLOY)).digest).not.toBe(deploy.digest);
  expect(await read(JSON.stringify({ operation: 'provision', subject: 'eu-cluster', changes: [] }), PROVISION)).toMatchObject({ changes: [] });
  expect(await read(JSON.stringify({ ...PLAN, operation: 'rollBack' }), ROLL_BACK)).toMatchObject({ changes: [`web1: to ${RELEASE.id}`] });
});

test('A plan of something else is refused by its name', async () => {
  await expect(read(JSON.stringify({ ...PLAN, operation: 'rollBack' }), DEPLOY)).rejects.toThrow('is a plan to rollback shop/live, not to deploy shop/live.');
});
