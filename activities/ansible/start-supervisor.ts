import { dirname, isAbsolute, join } from 'node:path';
import { execa } from 'execa';
import { ansibleEnvironment } from './ansible-environment.ts';
import { startWarm } from './nursery.ts';
import { makeRunFolder, readText, writeKey } from './run-folder.ts';
import { RunFailure } from './run-failure.ts';
import type { RunRequest, RunSettings } from './run-request.ts';
import { secretVariants } from './secret-variants.ts';

const SUPERVISOR = join(import.meta.dirname, 'supervisor');
const GRACE_SECONDS = 5;
/** Another supervisor holds the run; the job was made before another one started it. Both: look again. */
const LOOK_AGAIN = [3, 4];
const UNSTARTED = 127;

export interface Start {
  generation: number;
  /** Only these hosts; without it all of the inventory. */
  limit?: string[] | undefined;
}

/**
 * Starts a supervisor that outlives this process. What comes back is its end: `followRun` awaits it beside the run's
 * records. Rejects with `run-lost` if the supervisor itself could not do its work.
 */
export async function startSupervisor(settings: RunSettings, folder: string, request: RunRequest, start: Start): Promise<{ ended: Promise<void> }> {
  await makeRunFolder(folder);
  await writeKey(folder, { ...request.key, namespaceId: settings.namespaceId });
  const environment = ansibleEnvironment(settings, request);
  const job = supervisorJob(settings, folder, request, start);
  const cold = () => spawn(settings, folder, JSON.stringify(job), environment);
  // The nursery has read our configuration, and keeps modules by their names alone.
  const ended = request.runsUsers ? cold() : startWarm(settings, { folder, environment, job }).then(async (run) => judge(folder, await run.ended), cold);
  ended.catch(() => undefined);
  return { ended };
}

/** Has a supervisor clear up after a dead one: its processes, its secrets, and the run itself if it was to be stopped. */
export async function clearUpRun(settings: Pick<RunSettings, 'python'>, folder: string): Promise<void> {
  await spawn(settings, folder, '', { PATH: process.env['PATH'] ?? '' });
}

/** Without a nursery. */
async function spawn(settings: Pick<RunSettings, 'python'>, folder: string, input: string, env: Record<string, string>): Promise<void> {
  const child = execa(settings.python, ['-I', '-B', SUPERVISOR, folder], {
    input, env, extendEnv: false, detached: true, cleanup: false, buffer: false, reject: false, stdout: 'ignore', stderr: 'ignore',
  });
  child.nodeChildProcess.unref();
  const { exitCode, signal, shortMessage } = await child;
  await judge(folder, signal === undefined ? (exitCode ?? UNSTARTED) : undefined, shortMessage);
}

/** Of a supervisor that was killed, or whose end nobody saw, the run's folder tells the rest. */
async function judge(folder: string, code: number | undefined, otherwise = ''): Promise<void> {
  if (code === undefined || code <= 0 || LOOK_AGAIN.includes(code)) return;
  const complaint = (await readText(join(folder, 'supervisor.log'))) || otherwise;
  throw new RunFailure('run-lost', `The supervisor of the run could not do its work: ${complaint.slice(-1500).trim()}`);
}

function supervisorJob(settings: RunSettings, folder: string, request: RunRequest, { generation, limit }: Start) {
  const secretFiles = Object.entries(request.secretFiles ?? {}).map(([name, content], index) => ({ name, content, path: `private/${index}` }));
  const secrets = [...(request.secrets ?? []), ...secretFiles.map(({ content }) => content)];
  const place = secrets.length > 0 ? 'private/' : '';
  const files: Record<string, string> = {
    ...Object.fromEntries(secretFiles.map(({ path, content }) => [path, content])),
    [`${place}inventory.yml`]: request.inventory(generation),
    [`${place}variables.yml`]: request.variables,
    'run.json': JSON.stringify({ musher_secret_files: Object.fromEntries(secretFiles.map(({ name, path }) => [name, join(folder, path)])) }),
    ...(limit ? { limit: `${limit.join('\n')}\n` } : {}),
  };
  return {
    generation,
    files,
    secrets: secretVariants(secrets),
    cwd: settings.playbooksFolder,
    timeoutSeconds: request.timeoutSeconds,
    graceSeconds: GRACE_SECONDS,
    command: [
      join(dirname(settings.python), 'ansible-playbook'),
      '--inventory', join(folder, `${place}inventory.yml`),
      '--extra-vars', `@${join(folder, `${place}variables.yml`)}`,
      '--extra-vars', `@${join(folder, 'run.json')}`,
      ...(limit ? ['--limit', `@${join(folder, 'limit')}`] : []),
      ...(request.check ? ['--check'] : []),
      isAbsolute(request.playbook) ? request.playbook : join(settings.playbooksFolder, request.playbook),
    ],
  };
}
