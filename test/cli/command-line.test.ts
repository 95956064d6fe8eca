import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAILURES } from '../../contract/failures.ts';
import { musher, type Ended } from './musher.ts';
import { shopSpec } from './shop-spec.ts';

const SPEC = shopSpec({ servers: { web1: '192.0.2.12' } });
const BAD = SPEC.replace('group: eu-cluster', 'group: eu-clutser').replace('user: deploy', 'user: -oProxyCommand=x');

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'musher-cli-'));
  mkdirSync(join(folder, 'deep/er'), { recursive: true });
  writeFileSync(join(folder, 'musher.yml'), SPEC);
  writeFileSync(join(folder, 'bad.yml'), BAD);
  writeFileSync(join(folder, 'plan.json'), JSON.stringify({ operation: 'rollBack', subject: 'shop/live', release: { id: '20260102T030405Z-1a2b3c' }, changes: [] }));
  writeFileSync(join(folder, 'damaged.json'), JSON.stringify({ operation: 'deploy', subject: 'shop/live', changes: [] }));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => musher(args, { cwd: folder, env: { MUSHER_HOME: join(folder, 'home') } });

const expectEnd = ({ code, stderr }: Ended, expected: number, message: string) => {
  expect(code).toBe(expected);
  expect(stderr).toContain(message);
};

describe('help', () => {
  test('names every command and the exit codes, and exits 0', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    for (const name of ['init', 'check', 'trust', 'doctor', 'plan', 'provision', 'deploy', 'rollback', 'status', 'watch', 'logs', 'cancel', 'input', 'explain', 'service']) {
      expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    }
    expect(stdout).toContain('130 let go by Ctrl-C');
  });

  test('loads neither the Temporal client nor the reader of specs', async () => {
    const { stdout } = await musher(['--help'], { env: { NODE_DEBUG: 'module,esm' } });
    expect(stdout).toContain('Usage: musher');
    const { stderr } = await musher(['--help'], { env: { NODE_DEBUG: 'module,esm' } });
    expect(stderr).toContain('commander');
    expect(stderr).not.toMatch(/node_modules\/(@temporalio|zod|yaml|log-update)\//);
  });
});

describe('a command line that is wrong exits 2 and says why', () => {
  test.each([
    [['nosuch'], "unknown command 'nosuch'"],
    [['deploy'], "missing required argument 'environment'"],
    [['deploy', 'shop/live', '--nosuch'], "unknown option '--nosuch'"],
    [['deploy', 'shop'], '"shop" is no environment: say PROJECT/ENVIRONMENT'],
    [['deploy', 'shop/live/more'], 'is no environment'],
    [['deploy', "shop/' OR 1=1"], 'is no environment'],
    [['deploy', 'shop/liev'], 'no environment "liev" in project "shop"; did you mean "live"?'],
    [['deploy', 'shpo/live'], 'no project "shpo"; did you mean "shop"?'],
    [['deploy', 'shop/live', '--ref', '-x'], '--ref: "-x" is not a git ref'],
    [['deploy', 'shop/live', '--ref', 'main'], '--ref is for a git source'],
    [['input', 'deploy', 'shop/live', '--ref', 'main'], '--ref is for a git source'],
    [['rollback', 'shop/live', '--to', 'yesterday'], '"yesterday" is not the id of a release'],
    [['deploy', 'shop/live', '--plan', 'nosuch.json'], 'The plan nosuch.json cannot be read (there is no such file). Write one with: musher plan deploy shop/live --json >plan.json'],
    [['deploy', 'shop/live', '--plan', 'musher.yml'], 'musher.yml holds no plan. Write one with: musher plan deploy shop/live --json >plan.json'],
    [['deploy', 'shop/live', '--plan', 'damaged.json'], 'damaged.json holds no plan.'],
    [['deploy', 'shop/live', '--plan', 'plan.json'], 'plan.json is a plan to rollback shop/live, not to deploy shop/live.'],
    [['provision', 'eu-clutser'], 'no group "eu-clutser"; did you mean "eu-cluster"?'],
    [['status', "x' OR 'a' = 'a"], 'is neither an environment (PROJECT/ENVIRONMENT) nor a group'],
    [['status', 'nope/x', '-f', 'musher.yml'], 'The spec has no project "nope"'],
    [['status', 'eu-clutser'], 'no group "eu-clutser"; did you mean "eu-cluster"?'],
    [['logs', 'a b'], 'is neither an environment (PROJECT/ENVIRONMENT) nor a group'],
    [['watch', 'a b'], 'is neither an environment (PROJECT/ENVIRONMENT) nor a group'],
    [['explain', 'fencd'], 'did you mean "fenced"?'],
    [['service', 'logs', 'nosuch'], '"worker" and "server"'],
    [['service', 'logs', '-n', '0'], '--lines takes a number'],
  ])('%j', async (args, message) => {
    const { code, stderr, stdout } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  test('below service, with --json, as a document', async () => {
    for (const args of [['service', 'nosuch', '--json'], ['service', 'stop', '--nosuch', '--json'], ['service', '--json']]) {
      const { code, stdout, stderr } = await run(...args);
      expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ event: 'error', error: { exitCode: 2, message: expect.stringMatching(/nosuch|option|command is missing/) as string } });
    }
  });

  test('with --json as a document', async () => {
    for (const args of [['deploy', '--json'], ['deploy', 'shop', '--json'], ['plan', 'deploy', '--json'], ['input', 'deploy', '--json']]) {
      const { code, stdout, stderr } = await run(...args);
      expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
      const document = JSON.parse(stdout) as { event: string; error: { exitCode: number; message: string } };
      expect(document).toMatchObject({ event: 'error', error: { exitCode: 2 } });
      expect(document.error.message).toContain('environment');
    }
  });
});

describe('check', () => {
  test('a right spec exits 0, from a folder below too', async () => {
    expect(await run('check')).toEqual({ code: 0, stdout: 'musher.yml is right: 1 server, 1 group, 1 project, 1 environment.\n', stderr: '' });
    const below = await musher(['check'], { cwd: join(folder, 'deep/er') });
    expect(below.code).toBe(0);
    expect(below.stdout).toContain('../../musher.yml is right');
  });

  test('a wrong spec exits 2 with all its errors, each at its place', async () => {
    const { code, stderr } = await run('check', '--file', 'bad.yml');
    expect(code).toBe(2);
    expect(stderr).toContain('bad.yml:11:22 projects.shop.environments.live.group: no group "eu-clutser"; did you mean "eu-cluster"?');
    expect(stderr).toMatch(/^bad\.yml:3:\d+ servers\.web1\.user: /m);
    expect(stderr).toContain('bad.yml has 2 errors.');
  });

  test('--json is one document, right or wrong', async () => {
    expect(JSON.parse((await run('check', '--json')).stdout)).toMatchObject({ valid: true, servers: 1, errors: [] });
    const { code, stdout } = await run('check', '--json', '-f', 'bad.yml');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ valid: false, errors: [{ line: 3 }, { file: 'bad.yml', line: 11, column: 22, path: 'projects.shop.environments.live.group' }] });
  });

  test('no spec at all, and one that is not there, exit 2', async () => {
    expectEnd(await musher(['check'], { cwd: tmpdir() }), 2, 'There is no musher.yml here');
    expectEnd(await run('check', '-f', 'nosuch.yml'), 2, 'nosuch.yml:1:1 there is no such file; write one with "musher init", or name another\nnosuch.yml could not be read: name the right file with --file.');
    expect(await run('check', '-f', '')).toEqual({ code: 2, stdout: '', stderr: 'musher: --file names no file: say which, or leave it out.\n' });
  });

  test('a deploy by a wrong spec says the same and starts nothing', async () => {
    const { code, stderr } = await run('deploy', 'shop/live', '-f', 'bad.yml');
    expect(code).toBe(2);
    expect(stderr).toContain('bad.yml:11:22 projects.shop.environments.live.group');
    // Nor has any of the wrong command lines above.
    expect((await run('service', 'status')).stdout).toContain('Temporal server  does not run');
  });
});

test('doctor without a spec looks at this machine and makes nothing', async () => {
  const home = join(folder, 'none/home');
  const { code, stdout } = await musher(['doctor', '--json'], { cwd: tmpdir(), env: { MUSHER_HOME: home } });
  expect(JSON.parse(stdout)).toMatchObject({ failed: 0, findings: expect.arrayContaining([expect.objectContaining({ subject: 'service', check: 'Temporal', state: 'ok' })]) as unknown });
  expect(code).toBe(0);
  expect(existsSync(join(folder, 'none'))).toBe(false);
});

test('explain tells every failure of the ledger and what to do', async () => {
  const { code, stdout } = await run('explain', '--json');
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as { type: string }[]).map(({ type }) => type)).toEqual(Object.keys(FAILURES));
  expect((await run('explain', 'disk-full')).stdout).toContain(FAILURES['disk-full'].remedy);
});

describe('a Temporal that cannot be reached exits 3 with a way out', () => {
  test.each([
    ['an address where nobody listens', { TEMPORAL_ADDRESS: '127.0.0.1:1' }, 'Temporal does not answer at 127.0.0.1:1'],
    ['a profile file that is not there', { TEMPORAL_CONFIG_FILE: '/nosuch' }, 'there is no profile file /nosuch'],
    ['a profile that is not there', { TEMPORAL_PROFILE: 'nosuch' }, "Profile 'nosuch' not found"],
  ])('%s', async (_, env, message) => {
    const { code, stderr } = await musher(['status'], { cwd: folder, env });
    expect(code).toBe(3);
    expect(stderr).toContain(message);
    expect(stderr).toContain('Check TEMPORAL_ADDRESS');
    expect(stderr).not.toMatch(/^ {4}at /m);
  }, 90_000);

  test('a state folder that others may enter', async () => {
    const home = join(folder, 'open');
    mkdirSync(home, { mode: 0o755 });
    expectEnd(await musher(['status'], { cwd: folder, env: { MUSHER_HOME: home } }), 3, `chmod 700 ${home}`);
  });
});
