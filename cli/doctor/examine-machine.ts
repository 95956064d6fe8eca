import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { pythonCommand, temporalCommand } from '../../client/local/python-environment.ts';
import { openStateFolder, statePath } from '../../client/local/state-folder.ts';
import type { Spec } from '../../spec/spec.ts';
import { findings, judgeRoom, type Finding } from './finding.ts';

const OLDEST_NODE = 24;
const { ok, warning, failed } = findings('machine');

/** Looks at the programs that operations need on this machine, and at the state folder. @param spec undefined where there is none. */
export async function examineMachine(spec?: Spec): Promise<Finding[]> {
  const node =
    Number(process.versions.node.split('.')[0]) >= OLDEST_NODE ? ok('Node', process.version) : failed('Node', `${process.version} is too old`, `Install Node ${OLDEST_NODE} or newer.`);
  const others = await Promise.all([
    examineOwn('Ansible', pythonCommand, ['-c', 'import ansible.release, platform; print(ansible.release.__version__, "on Python", platform.python_version())']),
    examineOwn('Temporal CLI', temporalCommand, ['--version']),
    examineProgram('ssh', 'ssh', ['-V'], 'Install the package openssh-client.'),
    examineProgram('rsync', 'rsync', ['--version'], 'Install the package rsync.'),
    examineGit(spec),
    examineStateFolder(),
  ]);
  return [node, ...others.flat()];
}

/** It is for sources in git: without such a one nobody misses it. */
async function examineGit(spec: Spec | undefined): Promise<Finding[]> {
  const found = await examineProgram('git', 'git', ['--version'], 'Install the package git.');
  if (found.state === 'ok') return [found];
  if (!spec) return [warning('git', found.message, 'Install the package git where a source is git.')];
  return Object.values(spec.projects).some(({ source }) => source.type === 'git') ? [found] : [];
}

async function examineProgram(check: string, program: string, words: string[], remedy: string): Promise<Finding> {
  const { failed: ended, code, stdout, stderr, shortMessage } = await execa(program, words, { reject: false, stdin: 'ignore', timeout: 30_000 });
  if (code === 'ENOENT') return failed(check, 'is not installed', remedy);
  const said = `${stdout}\n${stderr}`.trim().split('\n')[0] ?? '';
  return ended ? failed(check, shortMessage?.split('\n')[0] ?? said, remedy) : ok(check, said);
}

/** What `musher setup` installs. */
async function examineOwn(check: string, find: (home: string) => string, words: string[]): Promise<Finding> {
  try {
    return await examineProgram(check, find(statePath()), words, 'Run "musher setup", which installs it.');
  } catch (error) {
    return failed(check, 'is not installed', (error as Error).message);
  }
}

async function examineStateFolder(): Promise<Finding> {
  try {
    const path = statePath();
    // Opening it would make it.
    if (existsSync(path)) openStateFolder(path);
    let place = path;
    while (!existsSync(place)) place = dirname(place);
    const { bavail, bsize } = await statfs(place);
    return judgeRoom('machine', path, bavail * bsize);
  } catch (error) {
    return failed('state folder', 'cannot be used', (error as Error).message);
  }
}
