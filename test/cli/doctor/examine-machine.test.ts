import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { examineMachine } from '../../../cli/doctor/examine-machine.ts';
import { parseSpec } from '../../../spec/parse-spec.ts';
import type { Spec } from '../../../spec/spec.ts';
import { shopSpec } from '../shop-spec.ts';

const FOLDERS = shopSpec({ servers: { web1: '192.0.2.12' } });
const specOf = (text: string): Spec => (parseSpec(text, 'musher.yml') as { spec: Spec }).spec;
const fromFolder = specOf(FOLDERS);
const fromGit = specOf(FOLDERS.replace('directory: ./shop', 'git: "https://git.example.net/a.git"').replace('domains:', 'ref: main, domains:'));

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'musher-doctor-'));
  vi.stubEnv('MUSHER_HOME', join(folder, 'home'));
  vi.stubEnv('PATH', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const found = async (check: string, spec?: Spec) => (await examineMachine(spec)).filter((finding) => finding.check === check);

test('git is needed where a source is git, and what is not there is said to be that', async () => {
  expect(await found('git', fromGit)).toEqual([{ subject: 'machine', check: 'git', state: 'failed', message: 'is not installed', remedy: 'Install the package git.' }]);
  expect(await found('rsync', fromFolder)).toMatchObject([{ state: 'failed', message: 'is not installed' }]);
});

test('git is not needed where all sources are folders, and may be where no spec says', async () => {
  expect(await found('git', fromFolder)).toEqual([]);
  expect(await found('git')).toMatchObject([{ state: 'warning', message: 'is not installed', remedy: expect.stringContaining('where a source is git') as string }]);
});

test('git that is there is told, whatever the spec says', async () => {
  writeFileSync(join(folder, 'git'), '#!/bin/sh\necho git version 2.39.5\n', { mode: 0o755 });
  for (const spec of [fromFolder, fromGit, undefined]) expect(await found('git', spec)).toMatchObject([{ state: 'ok', message: 'git version 2.39.5' }]);
});
