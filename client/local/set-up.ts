import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { LocalServiceError } from './local-service-error.ts';
import { withLock } from './lock.ts';
import { environmentsFolder, isReady, pythonEnvironment, READY, REQUIREMENTS, temporalCommand } from './python-environment.ts';
import { openStateFolder } from './state-folder.ts';

/** What `musher setup` has seen to. */
export interface SetUp {
  /** The folder of the Python environment. */
  environment: string;
  /** Whether it was made just now. */
  made: boolean;
  /** Version of ansible-core. */
  ansible: string;
  temporal: { path: string; version: string };
}

export interface SetUpOptions {
  /** The state folder; the user's own when left out. */
  home?: string;
  /** Told what is being waited for, in a few words. */
  onWait?: (what: string) => void;
}

/** In seconds: whoever waits for another set-up waits for its downloads. */
const LONGEST = 1800;
/** Environments of other versions that stay: a run of Ansible may still go on in the one before. */
const KEPT = 1;
const CHECK = 'import ansible.release; print(ansible.release.__version__)';

/**
 * Makes the Python environment with Ansible and the Temporal CLI where it is missing or broken, exactly of the versions that this Musher
 * was tested with, and leaves alone what is there. Safe to call from several processes at once.
 *
 * @throws {LocalServiceError} it cannot be made; the message says why, and the way out.
 */
export async function setUp({ home, onWait }: SetUpOptions = {}): Promise<SetUp> {
  const { path } = openStateFolder(home);
  const environment = pythonEnvironment(path);
  return withLock(
    join(path, 'setup.lock'),
    async () => {
      const found = isReady(environment) ? await ansibleVersion(environment) : undefined;
      if (found === undefined) await make(environment, path, onWait);
      const ansible = found ?? (await ansibleVersion(environment));
      if (ansible === undefined) throw new LocalServiceError(`Ansible was installed into ${environment}, but does not start. Try "${join(environment, 'bin/ansible')} --version".`);
      return { environment, made: found === undefined, ansible, temporal: await temporal(path) };
    },
    LONGEST,
    'setting up Musher',
  );
}

async function make(environment: string, home: string, onWait?: (what: string) => void): Promise<void> {
  if (!environment.startsWith(environmentsFolder(home))) throw new LocalServiceError(`${environment} is there, but Ansible does not start from it. Run "make setup" in the repository.`);
  await checkPython();
  rmSync(environment, { recursive: true, force: true });
  mkdirSync(environmentsFolder(home), { recursive: true, mode: 0o700 });
  onWait?.(`Installing Ansible and the Temporal CLI into ${environment}; this takes a minute or more`);
  await run('python3', ['-m', 'venv', environment], 'The Python environment cannot be made. See that there is room for it (1 GB).');
  await run(
    join(environment, 'bin/pip'),
    ['install', '--quiet', '--no-input', '--disable-pip-version-check', '--require-hashes', '--requirement', REQUIREMENTS],
    'The packages cannot be installed. See that this machine reaches its Python package index ("pip config list"), then run "musher setup" again.',
  );
  writeFileSync(join(environment, READY), '', { flush: true });
  prune(environment);
}

/** Before anything is made, and in words of our own: what Python says of a missing package is long. */
async function checkPython(): Promise<void> {
  const { failed, stdout } = await execa('python3', ['-c', 'import sys; print(sys.version_info >= (3, 11)); import ensurepip, venv'], { reject: false, stdin: 'ignore' });
  if (stdout === '' || stdout === 'False') throw new LocalServiceError('Python 3.11 or newer is needed on this machine (as "python3"). Install it with its package python3-venv.');
  if (failed) throw new LocalServiceError('Python on this machine cannot make environments. As root: "apt-get install python3-venv". Then run "musher setup" again.');
}

async function run(program: string, words: string[], remedy: string): Promise<void> {
  const { failed, stdout, stderr, shortMessage } = await execa(program, words, { reject: false, stdin: 'ignore' });
  if (failed) throw new LocalServiceError(`${`${stdout}\n${stderr}`.trim().slice(-1500) || shortMessage}\n${remedy}`);
}

async function ansibleVersion(environment: string): Promise<string | undefined> {
  const { failed, stdout } = await execa(join(environment, 'bin/python3'), ['-I', '-c', CHECK], { reject: false, stdin: 'ignore' });
  return failed ? undefined : stdout.trim();
}

async function temporal(home: string): Promise<SetUp['temporal']> {
  const path = temporalCommand(home);
  const { failed, stdout, stderr, shortMessage } = await execa(path, ['--version'], { reject: false, stdin: 'ignore' });
  if (failed) throw new LocalServiceError(`The Temporal CLI does not start: ${shortMessage} ${stderr}. Put one for this machine as "temporal" on the PATH, or set TEMPORAL_ADDRESS to use a cluster.`);
  return { path, version: /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? stdout.trim() };
}

/** Drops environments of other versions, but for the newest. */
function prune(environment: string): void {
  const folder = join(environment, '..');
  const others = readdirSync(folder).map((name) => join(folder, name)).filter((path) => path !== environment && existsSync(path));
  const dated = others.map((path) => ({ path, made: statSync(path).mtimeMs })).sort((a, b) => b.made - a.made);
  for (const { path } of dated.slice(KEPT)) rmSync(path, { recursive: true, force: true });
}
