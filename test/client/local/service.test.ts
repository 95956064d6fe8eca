import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Connection } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureLocalService, localServiceState, reviveLocalService, stopLocalService } from '../../../client/local/service.ts';
import { isAlive } from '../../../client/local/process-identity.ts';
import { readRecord, type ServiceRecord } from '../../../client/local/service-record.ts';
import { processes, readText } from '../../lab/traces.ts';

const STAND_IN = join(import.meta.dirname, 'stand-in-worker.ts');
const SERVICE = join(import.meta.dirname, '../../../client/local/service.ts');

let home: string;
let options: { home: string; worker: string };
const connections: Connection[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'musher-service-'));
  options = { home, worker: STAND_IN };
});

afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close();
  await stopLocalService(options);
  rmSync(home, { recursive: true, force: true });
});

async function ensure() {
  const service = await ensureLocalService(options);
  connections.push(service.connection);
  return service;
}

const record = (): Required<ServiceRecord> => readRecord(join(home, 'service.json')) as Required<ServiceRecord>;

async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => ['', 'Z'].includes(stateOf(pid))).toBe(true);
}

/** Processes that were started for this home. */
const ofThisHome = (): number[] => processes(() => true).flatMap(({ pid, command }) => (`${command}${readText(`/proc/${pid}/environ`)}`.includes(home) ? [pid] : []));

const stateOf = (pid: number): string => /\) (\S)/.exec(readText(`/proc/${pid}/stat`))?.[1] ?? '';

describe('the local service', () => {
  test('starts with nothing configured: a namespace of 90 days, its search attributes, a worker, all private', async () => {
    const { connection, address, webUrl } = await ensure();
    const { config } = await connection.workflowService.describeNamespace({ namespace: 'musher' });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(90 * 24 * 3600);
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'musher' });
    expect(customAttributes).toMatchObject({ MusherGroup: 2, MusherSubject: 2 });
    expect((await fetch(webUrl)).status).toBe(200);
    expect(readFileSync(join(home, 'worker.log'), 'utf8')).toContain(`worker ready at ${address}, musher, for ${home}, key ${home}/input.key`);
    for (const name of ['service.json', 'input.key', 'worker.log', 'server.log', 'temporal.db', 'temporal.toml']) expect(statSync(join(home, name)).mode & 0o777, name).toBe(0o600);
  });

  test('listens on loopback only, on every port', async () => {
    await ensure();
    const { stdout } = await promisify(execFile)('ss', ['-Hltnp']);
    const own = stdout.split('\n').filter((line) => line.includes(`pid=${record().server.pid},`));
    expect(own.length).toBeGreaterThan(0);
    for (const line of own) expect(line.split(/\s+/)[3]).toMatch(/^(127\.0\.0\.1|\[::1\]):/);
  });

  test('is found again: the same processes, the same ports', async () => {
    await ensure();
    const first = record();
    await ensure();
    expect(record()).toEqual(first);
  });

  test('is in a session of its own, which the end of a terminal does not reach', async () => {
    await ensure();
    for (const { pid } of [record().server, record().worker]) {
      expect(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ')[3]).toBe(String(pid));
    }
  });

  test('a killed server comes back on the same ports with what it knew', async () => {
    const { connection } = await ensure();
    await connection.workflowService.startWorkflowExecution({
      namespace: 'musher',
      workflowId: 'kept',
      workflowType: { name: 'deploy' },
      taskQueue: { name: 'musher' },
      requestId: 'kept',
    });
    const first = record();
    await kill(first.server.pid);
    const again = await ensure();
    expect(record().server.pid).not.toBe(first.server.pid);
    expect(record().ports).toEqual(first.ports);
    expect(record().worker).toEqual(first.worker);
    const kept = await again.connection.workflowService.describeWorkflowExecution({ namespace: 'musher', execution: { workflowId: 'kept' } });
    expect(kept.workflowExecutionInfo?.type?.name).toBe('deploy');
  });

  test('a killed worker is replaced, and the server left alone', async () => {
    await ensure();
    const first = record();
    await kill(first.worker.pid);
    await ensure();
    expect(record().worker.pid).not.toBe(first.worker.pid);
    expect(record().server).toEqual(first.server);
  });

  test('who follows an operation brings back what was killed', async () => {
    await ensure();
    const first = record();
    await kill(first.server.pid);
    await reviveLocalService(options);
    expect(isAlive(record().server)).toBe(true);
    expect(record().ports).toEqual(first.ports);
  });

  test('both killed, as by a reboot, both come back', async () => {
    await ensure();
    const first = record();
    await kill(first.worker.pid);
    await kill(first.server.pid);
    await ensure();
    expect(isAlive(record().server) && isAlive(record().worker)).toBe(true);
    expect(record().ports).toEqual(first.ports);
  });

  test('a pid that is now another process is not taken for the server, nor killed', async () => {
    await ensure();
    await stopLocalService(options);
    const innocent = { pid: process.pid, started: 'before this machine was started' };
    writeFileSync(join(home, 'service.json'), JSON.stringify({ version: 1, server: { ...innocent, ready: true }, worker: { ...innocent, build: '', port: 1 } }));
    await ensure();
    expect(record().server.pid).not.toBe(process.pid);
  });

  test('a worker of another version is asked to end and replaced by a newer one', async () => {
    const worker = join(home, 'worker.ts');
    writeFileSync(worker, "console.log('worker ready'); const life = setInterval(() => {}, 1000); process.on('SIGTERM', () => { console.log('worker stopped'); clearInterval(life); });");
    options = { home, worker };
    await ensure();
    const first = record();
    writeFileSync(worker, `${readFileSync(worker, 'utf8')}\n// A newer version.\n`);
    expect(localServiceState(options).worker).toMatchObject({ running: true, current: false });
    await ensure();
    expect(record().worker.build).not.toBe(first.worker.build);
    expect(isAlive(first.worker)).toBe(false);
    expect(readFileSync(join(home, 'worker.log'), 'utf8')).toContain('worker stopped');
  });

  test('what was started and cannot be written down is ended: it would work on, and nobody would know of it', async () => {
    await ensure();
    const first = record();
    await kill(first.worker.pid);
    await kill(first.server.pid);
    const file = join(home, 'service.json');
    // What something is mounted on cannot be replaced, as on a full disk nothing can.
    const withoutRoom = async (): Promise<void> => {
      execFileSync('mount', ['--bind', file, file]);
      await expect(ensureLocalService(options).finally(() => execFileSync('umount', [file]))).rejects.toThrow('EBUSY');
    };
    await withoutRoom();
    expect(ofThisHome()).toEqual([]);
    await reviveLocalService({ ...options, waitForWorker: false });
    await kill(record().worker.pid);
    await withoutRoom();
    expect(ofThisHome()).toEqual([record().server.pid]);
    await ensure();
  });

  test('two commands at once start one server and one worker', async () => {
    const script = `const { ensureLocalService } = await import(${JSON.stringify(SERVICE)}); const s = await ensureLocalService(${JSON.stringify(options)}); await s.connection.close();`;
    const start = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    await Promise.all([start(), start(), start()]);
    expect(readFileSync(join(home, 'worker.log'), 'utf8').match(/worker ready/g)).toHaveLength(1);
    expect(readFileSync(join(home, 'server.log'), 'utf8').match(/Temporal Server:/g)).toHaveLength(1);
    expect(readdirSync(join(home, 'service.lock'))).toEqual([]);
  });

  test('stopping leaves no process, which only a new command undoes, on the same ports', async () => {
    await ensure();
    const first = record();
    await stopLocalService(options);
    expect(isAlive(first.server) || isAlive(first.worker)).toBe(false);
    expect(localServiceState(options)).toMatchObject({ server: { running: false }, worker: { running: false } });
    expect(record()).toEqual({ version: 1, ports: first.ports, stopped: true });
    await reviveLocalService(options);
    expect(localServiceState(options).server.running).toBe(false);
    await ensure();
    expect(record()).toMatchObject({ ports: first.ports });
    expect(record()).not.toHaveProperty('stopped');
  });

  test('a worker that ends at once is an error with the end of its log', async () => {
    const worker = join(home, 'broken.ts');
    writeFileSync(worker, 'throw new Error("no such thing as a worker");');
    options = { home, worker };
    await expect(ensureLocalService(options)).rejects.toThrow(/The worker ended while it started[\s\S]*no such thing as a worker/);
  });

  test('a state folder that others may enter is refused', async () => {
    chmodSync(home, 0o755);
    await expect(ensureLocalService(options)).rejects.toThrow(`chmod 700 ${home}`);
    chmodSync(home, 0o700);
  });
});
